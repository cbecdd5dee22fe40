#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs the built web UI into the executable: writes all files, as they are and compressed, one
after the other into OUT.bin, and the table of where each begins into OUT.cpp, which includes the
first by the assembler (server/assets.h). Without DIST the table is empty.

usage: pack_web.py DIST OUT_WITHOUT_SUFFIX

Brotli is made by node (zlib.brotliCompressSync), since Python has none; without node there is gzip
only. A DIST/x.br or x.gz that the web build made is taken as it is. What was compressed once is
kept in OUT.cache by its content's hash: the largest file needs seconds."""
import gzip
import hashlib
import pathlib
import shutil
import subprocess
import sys
import time

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".json": "application/json", ".map": "application/json", ".svg": "image/svg+xml",
         ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp",
         ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
         ".webmanifest": "application/manifest+json"}
COMPRESSED = (".br", ".gz")
# Below this, headers cost more than compression gains.
BYTES_MIN = 512
PATIENCE_S = 20
BROTLI = """
const fs = require('fs'), zlib = require('zlib'), c = zlib.constants;
const content = fs.readFileSync(0);
process.stdout.write(zlib.brotliCompressSync(content, {params: {
  [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_SIZE_HINT]: content.length}}));
"""


def brotli(content):
    node = shutil.which("node")
    if node is None:
        return b""
    return subprocess.run([node, "-e", BROTLI], input=content, stdout=subprocess.PIPE,
                          check=True).stdout


def compressed(file, content, suffix, compress, cache):
    """Empty if it gains nothing."""
    beside = file.with_name(file.name + suffix)
    if beside.is_file():
        return beside.read_bytes()
    if len(content) < BYTES_MIN:
        return b""
    kept = cache / (hashlib.sha256(content).hexdigest() + suffix)
    if not kept.is_file():
        result = compress(content)
        if not result:
            return b""
        kept.write_bytes(result)
    result = kept.read_bytes()
    return result if len(result) < len(content) else b""


def files_of(dist):
    if not dist.is_dir():
        return []
    return sorted(path for path in dist.rglob("*")
                  if path.is_file() and not path.name.endswith(COMPRESSED))


def pack(dist, out):
    cache = out.with_name(out.name + ".cache")
    cache.mkdir(parents=True, exist_ok=True)
    blob, rows = bytearray(), []

    def place(content):
        offset = len(blob)
        blob.extend(content)
        return f"{{kBlob + {offset}, {len(content)}}}" if content else "{}"

    for file in files_of(dist):
        content = file.read_bytes()
        kind = TYPES.get(file.suffix, "application/octet-stream")
        name = "/" + file.relative_to(dist).as_posix()
        if not name.isascii() or set(name) & set('"\\\n'):
            sys.exit(f"{file}: a name that no URL should have")
        variants = [content, compressed(file, content, ".br", brotli, cache),
                    compressed(file, content, ".gz", lambda c: gzip.compress(c, 9, mtime=0), cache)]
        places = ", ".join(place(variant) for variant in variants)
        digest = hashlib.sha256(content).hexdigest()[:20]
        rows.append(f'    {{"{name}", "{kind}", "{digest}", {places}}},')
    return bytes(blob), rows


def pack_when_whole(dist, out):
    """Waits for a build of the web UI that is putting other files there right now."""
    for _ in range(PATIENCE_S):
        try:
            return pack(dist, out)
        except FileNotFoundError as vanished:
            last = vanished
            time.sleep(1)
    sys.exit(f"{last}: something keeps changing {dist}")


SOURCE = """// SPDX-License-Identifier: Apache-2.0
// Made by cmake/pack_web.py.
#include "server/assets.h"

asm(R"(
.section .rodata
.balign 16
.hidden lw_web_assets
.global lw_web_assets
lw_web_assets:
.incbin "%(bin)s"
.byte 0
.text
)");
extern "C" const char lw_web_assets[];

namespace lw::server {
namespace {
[[maybe_unused]] const char* const kBlob = lw_web_assets;
}  // namespace

std::span<const AssetFile> embedded_assets() {
%(body)s
}

}  // namespace lw::server
"""
TABLE = """  static const AssetFile kFiles[] = {
%s
  };
  return kFiles;"""


def main():
    dist, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    blob, rows = pack_when_whole(dist, out)
    binary = out.with_suffix(".bin")
    binary.write_bytes(blob)
    body = TABLE % "\n".join(rows) if rows else "  return {};"
    out.with_suffix(".cpp").write_text(SOURCE % {"bin": binary, "body": body})
    print(f"web UI: {len(rows)} files, {len(blob)} bytes" if rows
          else f"web UI: none, since {dist} is not there")


if __name__ == "__main__":
    main()
