#!/usr/bin/env python3
"""A .hubspy file, read by protoc with the schema that documents it.

    schema_test.py WRITE_RECORDINGS RECORDING_PROTO
"""
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile


def decode(proto, file):
    return subprocess.run(
        ['protoc', f'--proto_path={proto.parent}',
         '--decode=hubspy.Recording', proto.name],
        input=gzip.decompress(file.read_bytes()), stdout=subprocess.PIPE,
        check=True).stdout.decode()


def main():
    write_recordings, proto = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([write_recordings, folder], check=True)
        everything = decode(proto, pathlib.Path(folder, 'everything.hubspy'))
        stalls = decode(proto, pathlib.Path(folder, 'stalls.hubspy'))

    strings = re.findall(r'^strings: "(.*)"$', everything, re.M)
    assert strings[0] == ''
    for text, name in ((everything, 'everything'), (stalls, 'stalls')):
        # What the schema does not know is printed by its number.
        unknown = re.findall(r'^\s*\d+[:\s].*', text, re.M)
        assert not unknown, f'{name}: not in the schema: {unknown}'

    # Every field of it is used, and every name of an enum that is in the file
    # is a name.
    schema = re.sub(r'//.*', '', proto.read_text())
    fields = re.findall(r'^\s+(?:repeated |optional )?\w+ (\w+) = \d+;', schema,
                        re.M)
    assert len(fields) > 80, fields
    missing = [field for field in fields
               if not re.search(rf'^\s*{field}(:| \{{)', everything + stalls, re.M)]
    assert not missing, f'in no file: {missing}'
    for line in ('version: 1', 'rate_hz: 100', 'state: THREAD_SLEEPING',
                 'state: GREEN_WAITING', 'waiting_for: FD',
                 'end: NO_UNWIND_TABLE', 'times_end_ns: 560000000'):
        assert line in everything, line
    samples = everything.split('samples {')[1:]
    assert f'system_call: {strings.index("epoll_wait")}' in samples[0]
    assert 'count: 60' in samples[0]
    assert 'limit_ns: 100000000' in stalls


if __name__ == '__main__':
    main()
