"""Fail if a framework's record isn't torch's, but for the known differences."""

import sys
from collections.abc import Iterator
from pathlib import Path

from elsewhere.reading import Record, agree, defects, differences, read, records
from vectors.run import SILENT


def main(paths: list[Path]) -> int:
    """Print each difference that isn't known, or is known and isn't there."""
    found = [line for path in paths for line in unknown(read(path))]
    print(*found, sep="\n")
    return bool(found)


def unknown(record: Record) -> Iterator[str]:
    """Yield what a record says that isn't known, a line each."""
    torch = records()["torch"].programs
    if record.programs.keys() != torch.keys():
        yield f"{record.framework} has other cases than torch"
    for case in record.programs.keys() & torch.keys():
        same = agree(record.programs[case], torch[case])
        if same == ((record.framework, case) in differences()):
            word = "agrees with" if same else "differs from"
            yield f"{record.framework}, {case}: {word} torch: {record.programs[case]}"
    known = defects(record.framework)
    for vector, result in record.vectors.items():
        new = result["status"] == "defect" and vector not in known
        gone = result["status"] == "agrees" and vector in known
        if new or gone or result.get("why") == SILENT:
            yield f"{record.framework}, {vector}: {result}"


if __name__ == "__main__":
    sys.exit(main([Path(path) for path in sys.argv[1:]]))
