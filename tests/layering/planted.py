#!/usr/bin/env python3
"""The layering check must find what it is there for: each violation below is planted in a small copy of the tree's shape and looked for.

usage: planted.py ROOT
"""
import os
import shutil
import sys
import tempfile

import layering

HEADER = "#pragma once\nnamespace vera::{room} {{}}\n"

# (what it is, file, its contents, what the finding must say)
PLANTED = [
    ("an arrow upwards", "bus/route/x.cpp", '#include "bus/flow/plan.hpp"\n', "bus/route/x.cpp:1: no arrow from bus/route to bus/flow"),
    ("an arrow across", "bus/store/x.cpp", '\n#include "bus/amqp/front_door.hpp"\n', "bus/store/x.cpp:2: no arrow from bus/store to bus/amqp"),
    ("pure sees the shell", "bus/flow/x.cpp", '#include "bus/host/log.hpp"\n', "no arrow from bus/flow to bus/host"),
    ("kit sees the bus", "adapters/kit/x.cpp", '#include "bus/amqp/front_door.hpp"\n', "no arrow from adapters/kit to bus/amqp"),
    ("an adapter sees the bus", "adapters/sbsys/x.cpp", '#include "bus/flow/plan.hpp"\n', "no arrow from adapters/sbsys to bus/flow"),
    ("a thread in a pure room", "bus/flow/x.cpp", "#include <thread>\n", "<thread> in a pure room"),
    ("a lock in a pure room", "bus/route/x.cpp", "#include <mutex>\n", "<mutex> in a pure room"),
    ("a file in a pure room", "bus/event/x.cpp", "#include <fstream>\n", "<fstream> in a pure room"),
    ("a system call in a pure room", "bus/base/x.cpp", "#  include <sys/stat.h>\n", "<sys/stat.h> in a pure room"),
    ("a clock in a pure room", "bus/flow/x.cpp", "auto now() { return std::chrono::steady_clock::now(); }\n", "steady_clock in a pure room"),
    ("an unknown library in a pure room", "bus/event/x.cpp", "#include <boost/any.hpp>\n", "not among the third parties"),
    ("Proton outside its rooms", "bus/store/x.cpp", "#include <proton/engine.h>\n", "Proton is not owned by bus/store"),
    ("Proton in a header for others", "bus/amqp/front_door.hpp", HEADER.format(room="amqp") + "#include <proton/engine.h>\n",
     '"bus/amqp/front_door.hpp" shows Proton to another room'),
    ("Asio through a second header", "bus/amqp/front_door.hpp", HEADER.format(room="amqp") + '#include "bus/amqp/io_thread.hpp"\n',
     '"bus/amqp/front_door.hpp" shows Asio to another room'),
    ("Asio in ops", "bus/ops/x.cpp", "#include <asio.hpp>\n", "Asio is not owned by bus/ops"),
    ("OpenSSL in flow", "bus/flow/x.cpp", "#include <openssl/evp.h>\n", "OpenSSL is not owned by bus/flow"),
    ("YAML in the CLI", "bus/cli/x.cpp", "#include <yaml-cpp/yaml.h>\n", "yaml-cpp is not owned by bus/cli"),
    ("a lock outside the mailbox", "bus/store/x.cpp", "std::mutex lock;\n", "std::mutex: the only locks"),
    ("a relative include", "bus/store/x.cpp", '#include "journal.hpp"\n', "from the root of the repository"),
    ("using namespace in a header", "bus/store/x.hpp", HEADER.format(room="store") + "using namespace std;\n", "using namespace in a header"),
    ("no #pragma once", "bus/store/x.hpp", "namespace vera::store {}\n", "without #pragma once"),
    ("another namespace", "bus/store/x.hpp", HEADER.format(room="disk"), "no namespace vera::store"),
    ("a room nobody knows", "bus/misplaced/x.cpp", "\n", "bus/misplaced is no room of the table"),
    ("a room without a row", "bus/upstream/README.md", "# upstream\n", "has no row for bus/upstream"),
    ("a room without README", "adapters/sbsys/x.cpp", "\n", "adapters/sbsys:1: has no README.md"),
    ("something at the top level", "notes.txt", "\n", "notes.txt:1: does not belong at the top level"),
    ("a folder named for nothing", "bus/store/utils/x.cpp", "\n", "a folder is named for what it holds"),
    ("a socket in a pure file of a shell room", "bus/amqp/frame_guard.cpp", "#include <sys/socket.h>\n", "<sys/socket.h> in a pure room"),
    ("the log in a pure file of a shell room", "bus/amqp/frame_guard.cpp", '#include "bus/host/log.hpp"\n', "in a pure file"),
    ("impure in CMake", "bus/route/CMakeLists.txt", "vera_room(route SOURCES x.cpp)\n", "PURE and the table disagree"),
]
# What is no violation and must not be found.
FINE = [
    ("a comment", "bus/flow/x.cpp", "// steady_clock and std::mutex are not for here\n"),
    ("a text", "bus/flow/x.cpp", 'const char* text = "std::mutex";\n'),
    ("generated Protobuf", "bus/event/x.cpp", '#include "vera/besked/v1/haendelsesbesked.pb.h"\n'),
    ("an allowed arrow", "bus/ops/x.cpp", '#include "bus/base/ids.hpp"\n#include "bus/store/journal_engine.hpp"\n'),
    ("Proton where it lives", "bus/amqp/x.cpp", "#include <proton/engine.h>\n#include <asio.hpp>\n"),
    ("Proton in a room's own header", "bus/amqp/x.hpp", HEADER.format(room="amqp") + "#include <proton/engine.h>\n"),
    ("build output", "build/dev/x.txt", "\n"),
]


def copy_of(root):
    copy = tempfile.mkdtemp(prefix="vera-layering-")
    for name in layering.TOP_LEVEL:
        source = os.path.join(root, name)
        if name in ("bus", "adapters") and os.path.isdir(source):
            shutil.copytree(source, os.path.join(copy, name))
    return copy


def plant(copy, path, text):
    """Writes the file; gives what undoes it."""
    full = os.path.join(copy, path)
    before = open(full, encoding="utf-8").read() if os.path.exists(full) else None
    made = []
    folder = os.path.dirname(full)
    while not os.path.isdir(folder):
        made.append(folder)
        folder = os.path.dirname(folder)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)

    def undo():
        os.remove(full)
        if before is not None:
            with open(full, "w", encoding="utf-8") as restored:
                restored.write(before)
        for one in made:
            os.rmdir(one)

    return undo


def main(root):
    copy = copy_of(root)
    wrong = []
    try:
        known = set(layering.findings(copy))
        for what, path, text, wanted in PLANTED:
            undo = plant(copy, path, text)
            if not any(wanted in one for one in set(layering.findings(copy)) - known):
                wrong.append(f"not found: {what}")
            undo()
        for what, path, text in FINE:
            undo = plant(copy, path, text)
            wrong += [f"found although fine: {what}: {one}" for one in set(layering.findings(copy)) - known]
            undo()
        if set(layering.findings(copy)) != known:
            wrong.append("the copy is not as it was")
    finally:
        shutil.rmtree(copy)
    print("\n".join(wrong) or f"{len(PLANTED)} planted violations found, {len(FINE)} harmless files passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
