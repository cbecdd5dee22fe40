// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lw {

/// Makes a ZIP archive (PKWARE APPNOTE 6.3) piece by piece, with nothing kept but the list of its
/// files: sizes follow each file (general purpose bit 3), so that the archive can be sent while it
/// grows. No ZIP64: a file or an archive of 4 GiB and more is_broken(). One thread.
class ZipStream {
 public:
  ZipStream();
  ~ZipStream();
  ZipStream(ZipStream&&) noexcept;
  ZipStream& operator=(ZipStream&&) noexcept;

  /// The next file. One that is open ends.
  void begin_file(std::string name);
  /// More of the open file, packed.
  void add(std::string_view bytes);
  /// The list of files; nothing may be added behind it.
  void finish();
  /// What there is of the archive since the last call.
  std::string take();
  /// Bytes of the open file so far, before they are packed.
  [[nodiscard]] std::uint64_t file_bytes() const;
  [[nodiscard]] bool is_broken() const;

 private:
  struct Deflate;
  struct File {
    std::string name;
    std::uint32_t crc = 0;
    std::uint64_t packed = 0, bytes = 0, offset = 0;
  };
  void end_file();
  void pack(std::string_view bytes, int flush);
  [[nodiscard]] std::uint64_t position() const { return taken_ + out_.size(); }

  std::unique_ptr<Deflate> deflate_;
  std::vector<File> files_;
  std::string out_;
  std::uint64_t taken_ = 0;
  bool is_open_ = false;
};

}  // namespace lw
