#!/usr/bin/env python3
"""Fails when the table in README.md names a test that is not there."""
import pathlib
import re
import sys

here = pathlib.Path(__file__).parent
known = set()
for source in here.glob("*_test.cc"):
    known.update(
        f"{suite}.{name}"
        for suite, name in re.findall(
            r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", source.read_text(), re.MULTILINE
        )
    )

named = 0
missing = []
for line in (here / "README.md").read_text().splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if not line.startswith("| test_") or cells[1].startswith("-"):
        continue
    for name in cells[1].split(", "):
        named += 1
        if name not in known:
            missing.append(f"{cells[0]}: {name}")

for line in missing:
    print("README.md names a test that is not there:", line)
if named == 0:
    print("README.md names no test")
sys.exit(1 if missing or named == 0 else 0)
