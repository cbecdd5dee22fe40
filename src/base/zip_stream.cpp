// SPDX-License-Identifier: Apache-2.0
#include "base/zip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace lw {
namespace {

constexpr int kRawWindow = -15;
constexpr int kZipMemory = 8;
constexpr std::uint64_t kBytesMax = std::numeric_limits<std::uint32_t>::max();

// APPNOTE 4.3 and 4.4: signatures, versions, flags (sizes behind the file; names in UTF-8).
constexpr std::uint32_t kLocal = 0x04034b50, kDescriptor = 0x08074b50, kCentral = 0x02014b50,
                        kEnd = 0x06054b50;
constexpr std::uint16_t kVersion = 20, kFlags = 0x0808, kDeflated = 8;
/// 1980-01-01, the first day that the format has: what is made twice is the same twice.
constexpr std::uint16_t kDate = 0x0021;

void put16(std::string& out, std::initializer_list<std::uint64_t> numbers) {
  for (const std::uint64_t number : numbers) {
    out += static_cast<char>(number & 0xFF);
    out += static_cast<char>(number >> 8 & 0xFF);
  }
}

void put32(std::string& out, std::initializer_list<std::uint64_t> numbers) {
  for (const std::uint64_t number : numbers) put16(out, {number & 0xFFFF, number >> 16});
}

}  // namespace

struct ZipStream::Deflate {
  z_stream stream{};
  Deflate() {
    LW_ASSERT(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kRawWindow, kZipMemory,
                           Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Deflate() { deflateEnd(&stream); }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
};

ZipStream::ZipStream() : deflate_(std::make_unique<Deflate>()) {}
ZipStream::~ZipStream() = default;
ZipStream::ZipStream(ZipStream&&) noexcept = default;
ZipStream& ZipStream::operator=(ZipStream&&) noexcept = default;

void ZipStream::begin_file(std::string name) {
  if (is_open_) end_file();
  is_open_ = true;
  const std::uint64_t offset = position();
  put32(out_, {kLocal});
  put16(out_, {kVersion, kFlags, kDeflated, 0, kDate});
  put32(out_, {0, 0, 0});  // Checksum and sizes follow.
  put16(out_, {name.size(), 0});
  out_ += name;
  files_.push_back({.name = std::move(name), .crc = 0, .packed = 0, .bytes = 0, .offset = offset});
  deflateReset(&deflate_->stream);
}

void ZipStream::add(std::string_view bytes) {
  LW_ASSERT(is_open_);
  files_.back().crc = crc32(bytes, files_.back().crc);
  files_.back().bytes += bytes.size();
  // zlib counts what it is given in 32 bits.
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
    pack(bytes.substr(0, kPiece), Z_NO_FLUSH);
  }
}

void ZipStream::pack(std::string_view bytes, int flush) {
  z_stream& stream = deflate_->stream;
  // zlib does not change what it reads, and does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::array<char, 16'384> packed{};
  do {
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, flush);
    const std::size_t size = packed.size() - stream.avail_out;
    out_.append(packed.data(), size);
    files_.back().packed += size;
  } while (stream.avail_out == 0);
}

void ZipStream::end_file() {
  pack({}, Z_FINISH);
  is_open_ = false;
  const File& file = files_.back();
  put32(out_, {kDescriptor, file.crc, file.packed, file.bytes});
}

void ZipStream::finish() {
  if (is_open_) end_file();
  const std::uint64_t begin = position();
  for (const File& file : files_) {
    put32(out_, {kCentral});
    put16(out_, {kVersion, kVersion, kFlags, kDeflated, 0, kDate});
    put32(out_, {file.crc, file.packed, file.bytes});
    put16(out_, {file.name.size(), 0, 0, 0, 0});
    put32(out_, {0, file.offset});
    out_ += file.name;
  }
  const std::uint64_t size = position() - begin;
  put32(out_, {kEnd});
  put16(out_, {0, 0, files_.size(), files_.size()});
  put32(out_, {size, begin});
  put16(out_, {0});
}

std::string ZipStream::take() {
  taken_ += out_.size();
  return std::exchange(out_, {});
}

std::uint64_t ZipStream::file_bytes() const { return is_open_ ? files_.back().bytes : 0; }

bool ZipStream::is_broken() const {
  return position() > kBytesMax || std::ranges::any_of(files_, [](const File& file) {
           return file.bytes > kBytesMax || file.packed > kBytesMax;
         });
}

}  // namespace lw
