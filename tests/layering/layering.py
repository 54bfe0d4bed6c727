#!/usr/bin/env python3
"""Checks the arrows between rooms, what pure rooms may see, which room owns which library, and that the tables of folders are true.

usage: layering.py ROOT. Prints one line "path:line: what is wrong" per finding; exit code 1 if there is any.
The rules are the tables below; the code knows no room by name.
"""
import os
import re
import sys

# ---- rules -----------------------------------------------------------------------------------------------------------------------

PURE = "pure"
SHELL = "shell"

# room: (kind, the rooms it stands on; what those stand on is included)
ROOMS = {
    "bus/base": (PURE, []),
    "bus/expr": (PURE, ["bus/base"]),
    "bus/event": (PURE, ["bus/expr"]),
    "bus/format": (PURE, ["bus/event"]),
    "bus/pages": (PURE, ["bus/event"]),
    "bus/policy": (PURE, ["bus/event"]),
    "bus/route": (PURE, ["bus/event"]),
    "bus/transform": (PURE, ["bus/event"]),
    "bus/audit": (PURE, ["bus/base"]),
    "bus/flow": (PURE, ["bus/format", "bus/policy", "bus/route", "bus/transform", "bus/audit"]),
    "bus/host": (SHELL, ["bus/base"]),
    "bus/store": (SHELL, ["bus/flow", "bus/host"]),
    "bus/amqp": (SHELL, ["bus/flow", "bus/host"]),
    "bus/upstream": (SHELL, ["bus/flow", "bus/host"]),
    "bus/ops": (SHELL, ["bus/store", "bus/amqp", "bus/upstream"]),
    "bus/cli": (SHELL, ["bus/ops", "bus/pages", "adapters/kit", "adapters/oio"]),
    "adapters/kit": (SHELL, ["bus/event", "bus/host"]),
    "adapters/oio": (PURE, ["bus/event"]),
}
# Any other folder of adapters/.
ADAPTER = (SHELL, ["adapters/kit", "bus/format", "bus/transform"])

# Of the machine's headers and names a pure room sees none of these.
PURE_FORBIDDEN_INCLUDES = re.compile(
    r"^(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|random|fstream|filesystem|iostream|"
    r"csignal|sys/.*|linux/.*|arpa/.*|netinet/.*|unistd\.h|fcntl\.h|poll\.h|pthread\.h|signal\.h|time\.h|dirent\.h|"
    r"asio.*|proton/.*|sqlite3.*|yaml-cpp/.*|spdlog/.*|CLI/.*)$")
PURE_FORBIDDEN_NAMES = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|getrandom|getenv|random_device|this_thread|jthread)\b"
    r"|\bstd::(cout|cerr|clog|thread|mutex|rand)\b")
# RE2: patterns of strangers' schemas against strangers' text need a matcher that never backtracks; its locks are its own.
PURE_THIRD_PARTIES = re.compile(r"^(google/protobuf/.*|openssl/.*|libxml/.*|xxhash\.h|nlohmann/.*|re2/re2\.h)$")

# What any room may have of schemas/: generated code and the descriptor set.
SCHEMAS = re.compile(r"^(.*\.pb\.h|schemas/descriptor_set\.hpp)$")

# library: (its headers, the rooms that own it). A header of ours that shows a library, itself or through another, stays inside its room.
LIBRARIES = {
    "Proton": (re.compile(r"^proton/"), ["bus/amqp", "adapters/kit", "bus/cli"]),
    "Asio": (re.compile(r"^asio"), ["bus/amqp"]),
    "OpenSSL": (re.compile(r"^openssl/"), ["bus/audit", "bus/amqp", "bus/policy", "bus/transform"]),
    "yaml-cpp": (re.compile(r"^yaml-cpp/"), ["bus/ops"]),
    "RE2": (re.compile(r"^re2/"), ["bus/event"]),
    "SQLite": (re.compile(r"^sqlite3"), []),
    "CLI11": (re.compile(r"^CLI/"), ["bus/cli"]),
}

# The only locks of bus/.
LOCKS = re.compile(r"\bstd::(mutex|shared_mutex|recursive_mutex|condition_variable|condition_variable_any|lock_guard|unique_lock|scoped_lock)\b")
LOCKS_ALLOWED_IN = ["bus/host/mailbox.hpp"]

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "cmake", "bus", "adapters", "schemas", "deploy", "tests", "examples", "README.md",
             "LICENSE"}
TOP_LEVEL_IGNORED = {"build"}  # made by CMake, not part of the tree
FORBIDDEN_FOLDERS = {"utils", "util", "common", "helpers", "impl", "detail", "misc"}

# ---- checks ----------------------------------------------------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT_OR_TEXT = re.compile(r'//.*|"(?:\\.|[^"\\])*"')


def stands_on(room, seen=None):
    """The rooms that `room` may include, itself too."""
    seen = set() if seen is None else seen
    if room not in seen:
        seen.add(room)
        for other in (ROOMS[room] if room in ROOMS else ADAPTER)[1]:
            stands_on(other, seen)
    return seen


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in ("bus", "adapters") else None


def sources(root):
    for top in ("bus", "adapters"):
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".cpp", ".hpp", ".h", ".cc")):
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def check_include(room, kind, quote, target):
    if quote == '"' and not SCHEMAS.match(target):
        other = room_of(target)
        if other is None:
            yield f'"{target}": our headers are included from the root of the repository'
        elif other not in stands_on(room):
            yield f"no arrow from {room} to {other}"
        elif kind == PURE and other != room and ROOMS[other][0] != PURE:
            yield f'"{target}" in a pure file'
        return
    if kind == PURE and PURE_FORBIDDEN_INCLUDES.match(target):
        yield f"<{target}> in a pure room"
    elif kind == PURE and "/" in target and not PURE_THIRD_PARTIES.match(target) and not SCHEMAS.match(target):
        yield f"<{target}>: not among the third parties of pure rooms"
    for library, (headers, owners) in LIBRARIES.items():
        if not headers.match(target):
            continue
        if room not in owners:
            yield f"<{target}>: {library} is not owned by {room}"


def check_source(root, path, is_in_pure_target):
    room = room_of(path)
    if room is None or (room.startswith("bus/") and room not in ROOMS):
        yield 1, f"{room or path} is no room of the table"
        return
    kind = PURE if is_in_pure_target else (ROOMS[room] if room in ROOMS else ADAPTER)[0]
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = file.read().splitlines()
    is_header = path.endswith((".hpp", ".h"))
    if is_header and not any(line.strip() == "#pragma once" for line in lines):
        yield 1, "a header without #pragma once"
    if room.startswith("bus/") and is_header:
        wanted = "vera" if room == "bus/base" else "vera::" + room.split("/")[1]
        if not any(re.match(rf"\s*namespace {wanted}\b", line) for line in lines) and any("namespace" in line for line in lines):
            yield 1, f"no namespace {wanted}: a room is one namespace"
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            for what in check_include(room, kind, *include.groups()):
                yield number, what
            continue
        code = COMMENT_OR_TEXT.sub("", line)
        if kind == PURE and (name := PURE_FORBIDDEN_NAMES.search(code)):
            yield number, f"{name.group(0)} in a pure room"
        if room.startswith("bus/") and path not in LOCKS_ALLOWED_IN and (lock := LOCKS.search(code)):
            yield number, f"{lock.group(0)}: the only locks are in {', '.join(LOCKS_ALLOWED_IN)}"
        if is_header and re.match(r"\s*using namespace\b", code):
            yield number, "using namespace in a header"


def includes_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if include := INCLUDE.match(line):
                yield number, include.group(2)


def check_library_headers(root):
    """No library reaches another room through a header."""
    paths = list(sources(root))
    targets = {path: list(includes_of(root, path)) for path in paths}
    shown = {}  # header: the libraries it shows

    def libraries(path, under_way=()):
        if path not in targets or path in under_way:
            return set()
        if path not in shown:
            direct = {name for name, (headers, _) in LIBRARIES.items() for _, target in targets[path] if headers.match(target)}
            shown[path] = direct.union(*(libraries(target, (*under_way, path)) for _, target in targets[path]))
        return shown[path]

    for path in paths:
        for number, target in targets[path]:
            if target in targets and room_of(target) != room_of(path):
                for library in sorted(libraries(target)):
                    yield path, number, f'"{target}" shows {library} to another room'


def rooms_in_tree(root):
    """Folders of bus/ and adapters/ with something in them."""
    for top in ("bus", "adapters"):
        for name in sorted(os.listdir(os.path.join(root, top))) if os.path.isdir(os.path.join(root, top)) else []:
            if os.path.isdir(os.path.join(root, top, name)) and os.listdir(os.path.join(root, top, name)):
                yield f"{top}/{name}"


def check_tables(root):
    """The table in bus/README.md, a README and a kind per room, the top level."""
    rooms = list(rooms_in_tree(root))
    table = {}
    path = os.path.join(root, "bus", "README.md")
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if row := re.match(r"\| `(\w+)` \|[^|]+\| (\w+) \|", line):
                    table["bus/" + row.group(1)] = (number, row.group(2))
    else:
        yield "bus/README.md", 1, "is missing"
    for room in rooms:
        if not os.path.isfile(os.path.join(root, room, "README.md")):
            yield room, 1, "has no README.md"
        if room.startswith("bus/") and room not in table:
            yield "bus/README.md", 1, f"has no row for {room}"
        if room in ROOMS:
            yield from check_purity(root, room)
    for room, (number, kind) in table.items():
        if room not in rooms:
            yield "bus/README.md", number, f"has a row for {room}, which is not there"
        if room in ROOMS and (ROOMS[room][0] == PURE) != (kind == PURE):
            yield "bus/README.md", number, f"{room} is {ROOMS[room][0]}, not {kind}"
    for name in sorted(os.listdir(root)):
        if not name.startswith(".") and name not in TOP_LEVEL | TOP_LEVEL_IGNORED:
            yield name, 1, "does not belong at the top level"
    for top in ("bus", "adapters"):
        for folder, folders, _ in os.walk(os.path.join(root, top)):
            for name in sorted(FORBIDDEN_FOLDERS.intersection(folders)):
                yield os.path.relpath(os.path.join(folder, name), root), 1, "a folder is named for what it holds"


def targets_of(root, room):
    """(name, is it PURE, its sources) of each vera_room in the room's CMakeLists.txt."""
    path = os.path.join(root, room, "CMakeLists.txt")
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"#.*", "", file.read())
    for name, pure, arguments in re.findall(r"vera_room\(\s*(\w+)\s+(PURE)?([^)]*)\)", text):
        yield name, bool(pure), re.findall(r"(\w+)\.cpp\b", arguments)


def check_purity(root, room):
    """CMake knows the same pure rooms: it checks what they link."""
    for name, is_pure, _ in targets_of(root, room):
        if name == room.split("/")[1] and is_pure != (ROOMS[room][0] == PURE):
            yield f"{room}/CMakeLists.txt", 1, f"PURE and the table disagree: {room} is {ROOMS[room][0]}"


def pure_files(root):
    """Files that a shell room keeps pure by a PURE target of their own; a header goes with its source."""
    for room in rooms_in_tree(root):
        for _, is_pure, stems in targets_of(root, room):
            for stem in stems if is_pure else []:
                yield f"{room}/{stem}.cpp"
                yield f"{room}/{stem}.hpp"


def findings(root):
    found = []
    pure = set(pure_files(root))
    for path in sources(root):
        found += [f"{path}:{number}: {what}" for number, what in check_source(root, path, path in pure)]
    for check in (check_library_headers, check_tables):
        found += [f"{path}:{number}: {what}" for path, number, what in check(root)]
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = findings(sys.argv[1])
    print("\n".join(found) or "the layers hold")
    sys.exit(1 if found else 0)
