"""Sums the JUnit files of several ctest runs: names what failed and what was skipped and why, closes with one line of counts."""
import os
import re
import sys
import xml.etree.ElementTree as tree


def reason_of(test):
    output = test.findtext("system-out") or ""
    found = re.findall(r"^SKIPPED: (.*)$", output, re.MULTILINE)
    return found[-1] if found else (test.find("skipped").get("message") or "")


def main(folder, broken):
    passed, failed, skipped = [], list(broken), []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name == "passed":
            passed += open(path, encoding="utf-8").read().splitlines()
        if not name.endswith(".xml"):
            continue
        for test in tree.parse(path).getroot().iter("testcase"):
            title = test.get("name")
            if test.get("status") == "run":
                passed.append(title)
            elif test.get("status") == "disabled" or test.find("skipped") is not None:
                reason = reason_of(test) if test.find("skipped") is not None else "disabled"
                skipped.append(reason if reason.startswith(title) else f"{title}: {reason}")
            else:
                failed.append(f"{title} ({name.removesuffix('.xml')})")
    for title in skipped:
        print(f"skipped: {title}")
    for title in failed:
        print(f"FAILED: {title}")
    if not passed and not failed:
        failed.append("no test ran")
        print("FAILED: no test ran")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
