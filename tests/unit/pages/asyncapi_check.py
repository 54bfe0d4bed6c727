#!/usr/bin/env python3
"""Lets the official parser of AsyncAPI read what `vera type asyncapi` writes: it finds nothing, and it does find what is planted.

usage: asyncapi_check.py CASE VERA HOME CONFIG; CASE: plain, configured or planted; HOME: where npm has installed @asyncapi/parser.
Exit code 77: it is not installed (no node, or the registry was out of reach).
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def write(vera, path, *more):
    subprocess.run([vera, "type", "asyncapi", "-o", path, *more], check=True, stderr=subprocess.DEVNULL)
    return path


def check(home, path):
    return subprocess.run(["node", "--max-old-space-size=4096", os.path.join(HERE, "asyncapi", "check.js"), home, path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def good(home, path):
    result = check(home, path)
    print(result.stdout)
    if result.returncode != 0:
        sys.exit("the parser does not take it")


def plain(vera, home, config, folder):
    good(home, write(vera, os.path.join(folder, "vera.json")))


def configured(vera, home, config, folder):
    good(home, write(vera, os.path.join(folder, "vera.yaml"), "-c", config, "--lang", "en", "--only", "SagAfsluttet", "--only", "PersonFlyttet"))


def planted(vera, home, config, folder):
    path = write(vera, os.path.join(folder, "vera.json"), "--only", "SagOprettet")
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    good(home, path)
    message = document["components"]["messages"]["vera.sag.v1.SagOprettet.json"]
    del message["examples"][0]["payload"]["BeskedVersion"]  # required
    document["operations"]["publish"]["action"] = "publish"  # of AsyncAPI 2
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    result = check(home, path)
    for fault in ("action", "BeskedVersion"):
        if fault not in result.stdout:
            sys.exit(f"the parser did not find {fault!r}:\n{result.stdout}")


def main():
    case, vera, home, config = sys.argv[1:]
    if not os.path.isdir(os.path.join(home, "node_modules", "@asyncapi", "parser")):
        print("npm's @asyncapi/parser is not installed (no node, or the registry was out of reach)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        {"plain": plain, "configured": configured, "planted": planted}[case](vera, home, config, folder)


main()
