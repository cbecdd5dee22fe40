# SPDX-License-Identifier: Apache-2.0
"""Reads an agent's spool folder by docs/formats/spool.md, apart from linewatch's own code, so that a
test can say what an agent had promised at the moment it was killed."""

import pathlib
import struct
import zlib

MAGIC = b"LWSPOOL1"
HEADER = struct.Struct("<8sQQI")
RECORD = struct.Struct("<IIQ")


def read_segment(data):
    """(spool id, sequence numbers) of a segment; None if its header is bad or cut short."""
    if len(data) < HEADER.size:
        return None
    magic, spool, first, checksum = HEADER.unpack_from(data)
    if magic != MAGIC or zlib.crc32(data[:HEADER.size - 4]) != checksum:
        return None
    sequences, at, expected = [], HEADER.size, first
    while at + RECORD.size <= len(data):
        length, checksum, sequence = RECORD.unpack_from(data, at)
        end = at + RECORD.size + length
        covered = data[at:at + 4] + data[at + 8:end]
        if end > len(data) or zlib.crc32(covered) != checksum or sequence != expected:
            break
        sequences.append(sequence)
        at, expected = end, expected + 1
    return spool, sequences


def read_spool(folder):
    """Spool id → the highest sequence number on disk, of all that wait in the folder."""
    highest = {}
    for path in sorted(pathlib.Path(folder).glob("*.seg")):
        segment = read_segment(path.read_bytes())
        if segment and segment[1]:
            highest[segment[0]] = max(highest.get(segment[0], 0), segment[1][-1])
    return highest
