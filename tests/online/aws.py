#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""aws.py serve SOCKET | aws.py call SOCKET WORD...

The AWS command line, as it is installed, for tests that call it hundreds of
times: its modules are loaded once, by serve, which says "ready"; each call
gets a fork of that process, with the caller's arguments, directory,
environment, standard input and outputs, and gives back its exit status.
"""

import array
import os
import socket
import sys


def call(path, words):
    lines = [os.getcwd(), str(len(words))] + words
    lines += ['%s=%s' % item for item in os.environ.items()]
    data = '\0'.join(lines).encode('utf-8', 'surrogateescape')
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        fds = array.array('i', [0, 1, 2])
        server.sendmsg([b'%08d' % len(data)],
                       [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        server.sendall(data)
        answer = server.recv(8)
    return int(answer) if answer else 255


def work(caller):
    """In the fork: becomes the caller's aws."""
    fds = array.array('i')
    head, control, _, _ = caller.recvmsg(8, socket.CMSG_SPACE(3 * 4))
    fds.frombytes(control[0][2])
    data = b''
    while len(data) < int(head):
        data += caller.recv(65536)
    lines = data.decode('utf-8', 'surrogateescape').split('\0')
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    count = int(lines[1])
    os.chdir(lines[0])
    data_path = os.environ['AWS_DATA_PATH']     # awscli's own
    os.environ.clear()
    os.environ['AWS_DATA_PATH'] = data_path
    os.environ.update(line.split('=', 1) for line in lines[2 + count:])
    sys.argv = ['aws'] + lines[2:2 + count]
    try:
        status = awscli.clidriver.main()
    except SystemExit as end:
        status = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    caller.sendall(b'%d' % status)
    os._exit(0)


def serve(path):
    import signal
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        print('ready', flush=True)
        while True:
            caller, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                work(caller)
            caller.close()


if sys.argv[1] == 'call':
    sys.exit(call(sys.argv[2], sys.argv[3:]))

import awscli.clidriver                         # noqa: E402
import awscli.handlers                          # noqa: E402,F401
serve(sys.argv[2])
