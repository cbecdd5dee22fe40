// SPDX-License-Identifier: Apache-2.0
#include "store/batch_journal.h"

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/native.h"

namespace lw::store {

namespace {

constexpr std::string_view kJournalMagic = "LWJ1";
constexpr std::string_view kHighsMagic = "LWH1";
constexpr std::string_view kReasonSuffix = ".reason";
constexpr mode_t kMode = 0600;

/// Magic, CRC of the rest, the rest.
std::string seal(std::string_view magic, std::string_view body) {
  std::string bytes(magic);
  native::put_number(bytes, crc32(body));
  bytes += body;
  return bytes;
}

std::optional<std::string_view> unseal(std::string_view magic, std::string_view bytes) {
  if (!bytes.starts_with(magic)) return std::nullopt;
  RowReader head(bytes.substr(magic.size()));
  const auto crc = head.number<std::uint32_t>();
  if (head.is_broken()) return std::nullopt;
  const std::string_view body = bytes.substr(magic.size() + sizeof crc);
  if (crc32(body) != crc) return std::nullopt;
  return body;
}

void put_highs(std::string& out, const std::vector<SpoolHigh>& highs) {
  native::put_length(out, highs.size());
  for (const SpoolHigh& high : highs) {
    native::put_number(out, high.agent.value);
    native::put_number(out, high.spool.value);
    native::put_number(out, high.sequence);
  }
}

std::vector<SpoolHigh> take_highs(RowReader& reader) {
  std::vector<SpoolHigh> highs;
  for (std::uint64_t left = reader.length(); left > 0 && !reader.is_broken(); --left) {
    SpoolHigh high;
    high.agent.value = reader.number<std::uint64_t>();
    high.spool.value = reader.number<std::uint64_t>();
    high.sequence = reader.number<std::uint64_t>();
    highs.push_back(high);
  }
  return highs;
}

}  // namespace

std::string encode_journal(const BatchJournal& journal) {
  std::string body;
  native::put_text(body, journal.token);
  native::put_number(body, journal.rows);
  put_highs(body, journal.highs);
  native::put_text(body, journal.payload);
  return seal(kJournalMagic, body);
}

std::optional<BatchJournal> decode_journal(std::string_view bytes) {
  const auto body = unseal(kJournalMagic, bytes);
  if (!body) return std::nullopt;
  RowReader reader(*body);
  BatchJournal journal;
  journal.token = reader.text();
  journal.rows = reader.number<std::uint64_t>();
  journal.highs = take_highs(reader);
  journal.payload = reader.text();
  if (reader.is_broken() || !reader.at_end()) return std::nullopt;
  return journal;
}

std::string encode_highs(const std::vector<SpoolHigh>& highs) {
  std::string body;
  put_highs(body, highs);
  return seal(kHighsMagic, body);
}

std::optional<std::vector<SpoolHigh>> decode_highs(std::string_view bytes) {
  const auto body = unseal(kHighsMagic, bytes);
  if (!body) return std::nullopt;
  RowReader reader(*body);
  std::vector<SpoolHigh> highs = take_highs(reader);
  if (reader.is_broken() || !reader.at_end()) return std::nullopt;
  return highs;
}

Result<WriterFiles> WriterFiles::open(const std::string& directory) {
  TRY(make_directories(directory));
  // What a crash left of write_file_atomically; on a full disk these would never go otherwise.
  for (const std::string& name : TRY(list_directory(directory))) {
    if (name.ends_with(".new")) TRY(remove_file(directory + "/" + name));
  }
  return WriterFiles(directory);
}

Result<std::optional<BatchJournal>> WriterFiles::read_journal() const {
  const std::string path = directory_ + "/journal";
  if (!file_exists(path)) return std::optional<BatchJournal>();
  auto journal = decode_journal(TRY(read_file(path)));
  if (!journal) log::warning("store", path + " is torn, so its batch was never sent; ignoring it");
  return journal;
}

Result<void> WriterFiles::write_journal(const BatchJournal& journal) const {
  return write_file_atomically(directory_ + "/journal", encode_journal(journal), kMode);
}

Result<void> WriterFiles::remove_journal() const { return remove_file(directory_ + "/journal"); }

Result<std::vector<SpoolHigh>> WriterFiles::read_highs() const {
  const std::string path = directory_ + "/highs";
  if (!file_exists(path)) return std::vector<SpoolHigh>();
  auto highs = decode_highs(TRY(read_file(path)));
  if (!highs) {
    return fail(ErrorCode::Internal,
                path +
                    " is damaged. It says which rounds the store already has; restore it from a "
                    "backup, or remove it and accept that the latest rounds may be stored twice");
  }
  return std::move(*highs);
}

Result<void> WriterFiles::write_highs(const std::vector<SpoolHigh>& highs) const {
  return write_file_atomically(directory_ + "/highs", encode_highs(highs), kMode);
}

Result<void> WriterFiles::reject(const BatchJournal& journal, const std::string& reason) const {
  TRY(make_directories(rejected_directory()));
  const std::string path = rejected_directory() + "/" + journal.token;
  TRY(write_file_atomically(path, encode_journal(journal), kMode));
  return write_file_atomically(path + std::string(kReasonSuffix), reason + "\n", kMode);
}

std::size_t WriterFiles::rejected_count() const {
  if (!file_exists(rejected_directory())) return 0;
  const auto names = list_directory(rejected_directory());
  if (!names) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(
      *names, [](const std::string& name) { return name.ends_with(kReasonSuffix); }));
}

}  // namespace lw::store
