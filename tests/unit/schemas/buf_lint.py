#!/usr/bin/env python3
"""Runs the linter buf over the schemas: it finds nothing, and it does find what is planted.

usage: buf_lint.py CASE BUF SCHEMAS; CASE: clean or planted. Exit code 77: buf is not installed (no npm, or the registry was out of
reach).
"""
import os
import shutil
import subprocess
import sys
import tempfile


def lint(buf, folder):
    return subprocess.run([buf, "lint", "--timeout", "60s"], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def clean(buf, schemas):
    result = lint(buf, schemas)
    if result.returncode != 0:
        sys.exit(f"buf found:\n{result.stdout}")


def planted(buf, schemas):
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(schemas, os.path.join(folder, "schemas"))
        path = os.path.join(copy, "vera", "post", "v1", "planted.proto")
        with open(path, "w", encoding="utf-8") as file:
            file.write('// A file with three faults.\nsyntax = "proto3";\n\npackage vera.post.v1;\n\n'
                       "// A message.\nmessage Planted {\n  string noComment = 1;\n}\n\n// An enum.\nenum Kind {\n  // Nothing.\n  NONE = 0;\n}\n")
        result = lint(buf, copy)
        for fault in ('Field "noComment" should have a non-empty comment', 'should be lower_snake_case', '"_UNSPECIFIED"'):
            if fault not in result.stdout:
                sys.exit(f"buf did not find {fault!r}:\n{result.stdout}")


def main():
    case, buf, schemas = sys.argv[1:]
    if not os.path.exists(buf):
        print("npm's @bufbuild/buf is not installed (no node, or the registry was out of reach)")
        sys.exit(77)
    {"clean": clean, "planted": planted}[case](buf, schemas)


main()
