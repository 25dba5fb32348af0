"""What is known of one kind of error."""

from dataclasses import dataclass

from vjp_guide._explain.repair import Repair


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of error.

    The entry of the errors index is on ``page``, under the anchor ``error-<slug>``.
    The pattern uses only what regular expressions of Python and JavaScript share,
    named groups apart; it meets texts in which each run of white space is one blank.
    The cause and the fix may name its groups in braces. With the arguments of a call,
    ``repair`` finds a more exact cause and code. A generic text, which other code
    raises too, counts only where torch.autograd raised it or the call shows the fault.
    """

    slug: str
    page: str
    title: str
    pattern: str
    cause: str
    fix: str
    code: str
    repair: Repair | None = None
    generic: bool = False

    @property
    def address(self) -> str:
        """The address of the entry, from the root of the site."""
        return f"reference/errors/{self.page}.html#error-{self.slug}"
