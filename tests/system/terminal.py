"""terminal.py LANYARD RESOURCE - the sandbox at a terminal: Ctrl-C, Ctrl-Z and the jobs of a shell inside.

Types at a pseudo-terminal what a person would, each line once the one before has shown its effect. Ends with 0 if all was as it should be.
"""
import os
import pty
import select
import sys
import time

LANYARD, RESOURCE = sys.argv[1:]
RUN = [LANYARD, "run", "--as", RESOURCE, "--"]
WAIT_TIMEOUT_S = 20


class Terminal:
    def __init__(self, command):
        self.said = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = "ready> "
            os.execvp(command[0], command)

    def type(self, text):
        self.said = b""
        os.write(self.fd, text)

    def wait_for(self, text, times=1):
        until = time.monotonic() + WAIT_TIMEOUT_S
        while self.said.count(text) < times:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            try:
                more = os.read(self.fd, 4096) if ready else b""
            except OSError:
                raise SystemExit(f"it ended before it said {text!r}: {self.said!r}")
            self.said += more
            if time.monotonic() > until:
                os.kill(self.pid, 9)
                raise SystemExit(f"it does not say {text!r}: {self.said!r}")

    def end(self):
        until = time.monotonic() + WAIT_TIMEOUT_S
        while time.monotonic() < until:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            try:
                if ready and not os.read(self.fd, 4096):
                    break
            except OSError:
                break
        else:
            os.kill(self.pid, 9)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def expect(what, got, want):
    if got != want:
        raise SystemExit(f"{what}: {got!r}, not {want!r}")


# Ctrl-C reaches the program once.
t = Terminal(RUN + ["sh", "-c", "n=0; trap 'n=$((n + 1)); echo interrupted-$n' INT; echo begun; while [ $n -eq 0 ]; do sleep 0.1; done; sleep 0.5; exit $n"])
t.wait_for(b"begun")
t.type(b"\x03")
t.wait_for(b"interrupted-1")
expect("Ctrl-C", t.end(), 1)

# Ctrl-Z stops the launcher with the program, so that the shell above gets its terminal back; fg resumes both.
t = Terminal(["bash", "--norc", "--noediting", "-i"])
t.wait_for(b"ready> ")
t.type((" ".join(RUN) + " sh -c 'echo beg''un; read line; echo woke-$line'\n").encode())
t.wait_for(b"begun")
t.type(b"\x1a")
t.wait_for(b"Stopped")
t.type(b"fg\n")
t.wait_for(b"sh -c")
t.type(b"up\n")
t.wait_for(b"woke-up")
t.type(b"exit 4\n")
expect("the shell above", t.end(), 4)

# A shell inside has jobs of its own.
t = Terminal(RUN + ["bash", "--norc", "--noediting", "-i"])
t.wait_for(b"ready> ")
t.type(b"cat\n")
t.type(b"echo-of-cat\n")
t.wait_for(b"echo-of-cat\r\necho-of-cat")
t.type(b"\x1a")
t.wait_for(b"Stopped")
t.type(b"fg\n")
t.type(b"again\n")
t.wait_for(b"again", 2)  # it has the terminal
t.type(b"\x03")
t.wait_for(b"ready> ")
t.type(b"exit 6\n")
expect("the shell inside", t.end(), 6)
