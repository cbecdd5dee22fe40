// SPDX-License-Identifier: Apache-2.0
#include "io/network_names.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <maxminddb.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/log.h"
#include "base/text.h"
#include "io/socket_address.h"
#include "io/watched_file.h"

namespace lw::io {
namespace {

constexpr Seconds kLookAtFileEvery{60};
/// The copy lies in memory. Databases of autonomous systems have some 10 MB.
constexpr off_t kBytesMax = off_t{256} << 20;
constexpr std::size_t kTextBytesMax = 200;
/// A file of autonomous systems names a network within the first hundred nodes.
constexpr std::uint32_t kNodesLookedAtMax = 100'000;

/// What the field of an entry holds; nothing if it has no such field.
std::optional<MMDB_entry_data_s> field(MMDB_entry_s& entry, const char* name) {
  const std::array<const char*, 2> path{name, nullptr};
  MMDB_entry_data_s data{};
  const int status = MMDB_aget_value(&entry, &data, path.data());
  return status == MMDB_SUCCESS && data.has_data ? std::optional(data) : std::nullopt;
}

std::string text_of(MMDB_entry_s& entry, const char* name) {
  const auto data = field(entry, name);
  if (!data || data->type != MMDB_DATA_TYPE_UTF8_STRING) return {};
  return valid_utf8(trim(std::string_view(data->utf8_string, data->data_size)));
}

std::optional<std::uint64_t> number_of(MMDB_entry_s& entry, const char* name) {
  const auto data = field(entry, name);
  if (!data) return std::nullopt;
  switch (data->type) {
    case MMDB_DATA_TYPE_UINT16:
      return data->uint16;
    case MMDB_DATA_TYPE_UINT32:
      return data->uint32;
    case MMDB_DATA_TYPE_UINT64:
      return data->uint64;
    default:
      return std::nullopt;
  }
}

std::string describe(MMDB_entry_s entry) {
  std::string system = text_of(entry, "autonomous_system_organization");
  if (const auto number = number_of(entry, "autonomous_system_number")) {
    system = fmt::format("AS{}{}{}", *number, system.empty() ? "" : " ", system);
  }
  std::vector<std::string> parts{std::move(system), text_of(entry, "name"), text_of(entry, "site")};
  std::erase(parts, "");
  const std::string line = printable(join(parts, ", "), kTextBytesMax);
  return std::string(cut_utf8(line, kTextBytesMax));
}

/// The file's bytes under a name that nobody else can change them by.
Result<FileDescriptor> copy_to_memory(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return fail_errno("read " + path, errno);
  }
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::InvalidInput, path + " is no file");
  if (info.st_size > kBytesMax) {
    return fail(ErrorCode::LimitExceeded, fmt::format("{} has {} MB, more than {}", path,
                                                      info.st_size >> 20, kBytesMax >> 20));
  }
  FileDescriptor copy(::memfd_create("network-names", MFD_CLOEXEC));
  if (!copy.is_open()) return fail_errno("make room for " + path, errno);
  for (off_t left = info.st_size; left > 0;) {
    const ssize_t sent =
        ::sendfile(copy.get(), file.get(), nullptr, static_cast<std::size_t>(left));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail_errno("read " + path, errno);
    if (sent == 0) break;
    left -= sent;
  }
  return copy;
}

/// The number after the key, which stands in the metadata as it is written here; 0 if none does.
std::uint64_t metadata_number(std::string_view metadata, std::string_view key) {
  const std::size_t at = metadata.find(key);
  if (at == std::string_view::npos) return 0;
  const std::string_view after = metadata.substr(at + key.size());
  // The control byte of a number has its size in the lower half.
  const std::size_t bytes = after.empty() ? 0 : static_cast<unsigned char>(after[0]) & 0xf;
  if (bytes > 4 || after.size() <= bytes) return 0;
  std::uint64_t value = 0;
  for (const char byte : after.substr(1, bytes)) {
    value = (value << 8) | static_cast<unsigned char>(byte);
  }
  return value;
}

/// Whether the search tree that the metadata tell of is within the file. The library multiplies in
/// 32 bits, and then reads what is not there.
bool has_whole_tree(const FileDescriptor& copy) {
  constexpr off_t kMetadataBytesMax = 128L * 1024;
  constexpr std::string_view kMarker = "\xab\xcd\xefMaxMind.com";
  constexpr std::uint64_t kSeparatorBytes = 16;
  const off_t size = ::lseek(copy.get(), 0, SEEK_END);
  std::string end(static_cast<std::size_t>(std::min(size, kMetadataBytesMax)), '\0');
  const off_t begins = size - static_cast<off_t>(end.size());
  if (::pread(copy.get(), end.data(), end.size(), begins) != static_cast<ssize_t>(end.size())) {
    return false;
  }
  const std::size_t marker = end.rfind(kMarker);
  if (marker == std::string::npos) return false;
  const std::string_view metadata = std::string_view(end).substr(marker + kMarker.size());
  const std::uint64_t nodes = metadata_number(metadata, "node_count");
  // Two records to a node, of so many bits each.
  const std::uint64_t tree_bytes = nodes * metadata_number(metadata, "record_size") / 4;
  return nodes > 0 && tree_bytes + kSeparatorBytes <= static_cast<std::uint64_t>(begins) + marker;
}

/// An open database. It stays where it is: entries point to it.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    if (is_open_) MMDB_close(&handle_);
  }

  [[nodiscard]] std::string find(const IpAddress& address) const;

 private:
  [[nodiscard]] bool names_any_network() const;

  MMDB_s handle_{};
  bool is_open_ = false;
};

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  const FileDescriptor copy = TRY(copy_to_memory(path));
  if (!has_whole_tree(copy)) {
    return fail(ErrorCode::InvalidInput, path + " is no MaxMind database, or not a whole one");
  }
  auto database = std::make_unique<Database>();
  // The library maps files and takes them by name only. The mapping outlives the descriptor.
  const std::string name = fmt::format("/proc/self/fd/{}", copy.get());
  const int status = MMDB_open(name.c_str(), MMDB_MODE_MMAP, &database->handle_);
  if (status != MMDB_SUCCESS) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} is no MaxMind database, or not a whole one ({})", path,
                            MMDB_strerror(status)));
  }
  database->is_open_ = true;
  if (!database->names_any_network()) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format(
            "{} (of type {}) has neither `autonomous_system_number` nor `name` nor "
            "`site` for any network",
            path, printable(valid_utf8(database->handle_.metadata.database_type), kTextBytesMax)));
  }
  return database;
}

bool Database::names_any_network() const {
  const std::uint32_t nodes = std::min(handle_.metadata.node_count, kNodesLookedAtMax);
  for (std::uint32_t i = 0; i < nodes; ++i) {
    MMDB_search_node_s node{};
    if (MMDB_read_node(&handle_, i, &node) != MMDB_SUCCESS) return false;
    const bool has_left = node.left_record_type == MMDB_RECORD_TYPE_DATA;
    const bool has_right = node.right_record_type == MMDB_RECORD_TYPE_DATA;
    if (has_left && !describe(node.left_record_entry).empty()) return true;
    if (has_right && !describe(node.right_record_entry).empty()) return true;
  }
  return false;
}

std::string Database::find(const IpAddress& address) const {
  const SocketAddress socket_address(address, 0);
  int error = MMDB_SUCCESS;
  // IPv6 in a database of IPv4 only is an error of its own, for us nothing.
  const auto found = MMDB_lookup_sockaddr(&handle_, socket_address.data(), &error);
  return error == MMDB_SUCCESS && found.found_entry ? describe(found.entry) : std::string();
}

}  // namespace

struct NetworkNames::Impl {
  WatchedFile file;
  const Clock& clock;
  Instant look_at_file_again{};
  std::unique_ptr<Database> database = nullptr;
  std::optional<Error> problem = std::nullopt;

  void look_at_file();
};

void NetworkNames::Impl::look_at_file() {
  const Instant now = clock.now();
  if (now < look_at_file_again) return;
  look_at_file_again = now + kLookAtFileEvery;
  if (!file.has_changed()) return;
  auto opened = Database::open(file.path());
  if (opened) {
    database = std::move(*opened);
    problem.reset();
    return;
  }
  problem = opened.error().during("network names");
  problem->message +=
      "; put a database of autonomous systems in MaxMind's format there, or do without "
      "--network-names";
  if (database) log::warning("names", problem->message + "; the names from before stay in force");
}

NetworkNames::NetworkNames(std::string path, const Clock& clock)
    : impl_(std::make_unique<Impl>(WatchedFile(std::move(path)), clock)) {
  impl_->look_at_file();
}
NetworkNames::NetworkNames(NetworkNames&&) noexcept = default;
NetworkNames& NetworkNames::operator=(NetworkNames&&) noexcept = default;
NetworkNames::~NetworkNames() = default;

std::string NetworkNames::find(const IpAddress& address) {
  impl_->look_at_file();
  return impl_->database ? impl_->database->find(address) : std::string();
}

const std::optional<Error>& NetworkNames::problem() const { return impl_->problem; }

}  // namespace lw::io
