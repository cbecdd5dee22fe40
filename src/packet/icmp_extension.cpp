// SPDX-License-Identifier: Apache-2.0
#include "packet/icmp_extension.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace lw::packet {
namespace {

constexpr std::size_t kHeader = 4;  // Of the structure and of each object.
constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kClassMpls = 1;
constexpr std::uint8_t kClassInterface = 2;
constexpr std::uint8_t kIncomingStack = 1;  // The C-Type of MPLS label stacks.

// The C-Type of interface information says what follows, in this order.
constexpr unsigned kRoleShift = 6;
constexpr std::uint8_t kHasIndex = 0x08;
constexpr std::uint8_t kHasAddress = 0x04;
constexpr std::uint8_t kHasName = 0x02;
constexpr std::uint8_t kHasMtu = 0x01;

constexpr std::uint16_t kFamily4 = 1;
constexpr std::uint16_t kFamily6 = 2;
constexpr std::size_t kNameMax = 63;  // RFC 5837 §4.3: 64 with its length.

/// The front of bytes, taken off. Once too little is there, all that follows is missing too.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  std::optional<Bytes> bytes(std::size_t count) {
    if (count > rest_.size()) {
      is_short_ = true;
      return std::nullopt;
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::optional<std::uint32_t> u32() {
    const auto taken = bytes(4);
    return taken ? std::optional(read_u32(*taken, 0)) : std::nullopt;
  }
  [[nodiscard]] bool is_short() const { return is_short_; }
  void fail() { is_short_ = true; }

 private:
  Bytes rest_;
  bool is_short_ = false;
};

bool read_labels(Bytes entries, std::vector<MplsEntry>& labels) {
  if (entries.size() % 4 != 0) return false;
  for (; !entries.empty(); entries = entries.subspan(4)) {
    const std::uint32_t word = read_u32(entries, 0);
    labels.push_back({word >> 12, static_cast<std::uint8_t>((word >> 9) & 0x7),
                      ((word >> 8) & 1) != 0, static_cast<std::uint8_t>(word & 0xff)});
  }
  return true;
}

std::optional<IpAddress> take_address(Reader& reader) {
  const auto family = reader.bytes(4);  // Two bytes of it are reserved.
  if (!family) return std::nullopt;
  const std::uint16_t number = read_u16(*family, 0);
  if (number != kFamily4 && number != kFamily6) {
    reader.fail();
    return std::nullopt;
  }
  const bool is_v6 = number == kFamily6;
  const auto raw = reader.bytes(is_v6 ? 16 : 4);
  return raw ? std::optional(read_address(is_v6, *raw, 0)) : std::nullopt;
}

/// Names go to terminals and pages: a router must not be able to write control characters there.
std::string take_name(Reader& reader) {
  std::string name;
  const auto length = reader.bytes(1);
  if (!length) return name;
  if ((*length)[0] == 0 || (*length)[0] > kNameMax + 1) {
    reader.fail();
    return name;
  }
  const auto text = reader.bytes((*length)[0] - std::size_t{1});
  if (!text) return name;
  for (const std::uint8_t byte : *text) {
    if (byte >= 0x20 && byte < 0x7f) name.push_back(static_cast<char>(byte));
  }
  return name;
}

bool read_interface(std::uint8_t type, Bytes content, std::vector<InterfaceInformation>& all) {
  InterfaceInformation information;
  Reader reader(content);
  information.role = static_cast<std::uint8_t>(type >> kRoleShift);
  if ((type & kHasIndex) != 0) information.index = reader.u32();
  if ((type & kHasAddress) != 0) information.address = take_address(reader);
  if ((type & kHasName) != 0) information.name = take_name(reader);
  if ((type & kHasMtu) != 0) information.mtu = reader.u32();
  if (reader.is_short()) return false;
  all.push_back(std::move(information));
  return true;
}

bool read_object(Bytes object, IcmpExtensions& extensions) {
  const std::uint8_t type = object[3];
  const Bytes content = object.subspan(kHeader);
  if (object[2] == kClassMpls && type == kIncomingStack) {
    return read_labels(content, extensions.labels);
  }
  if (object[2] == kClassInterface) return read_interface(type, content, extensions.interfaces);
  return true;
}

using Buffer = std::vector<std::uint8_t>;

void append_u16(Buffer& bytes, std::uint16_t value) {
  bytes.resize(bytes.size() + 2);
  write_u16(bytes, bytes.size() - 2, value);
}

void append_u32(Buffer& bytes, std::uint32_t value) {
  bytes.resize(bytes.size() + 4);
  write_u32(bytes, bytes.size() - 4, value);
}

void append_object(Buffer& bytes, std::uint8_t object_class, std::uint8_t type,
                   const Buffer& content) {
  append_u16(bytes, static_cast<std::uint16_t>(kHeader + content.size()));
  bytes.push_back(object_class);
  bytes.push_back(type);
  bytes.insert(bytes.end(), content.begin(), content.end());
}

Buffer label_stack(const std::vector<MplsEntry>& labels) {
  constexpr std::size_t kLabelsMax = 16'382;  // The most that the object's 16 bits of length allow.
  Buffer content;
  for (const MplsEntry& entry : std::span(labels).first(std::min(labels.size(), kLabelsMax))) {
    append_u32(content, (entry.label << 12) | ((entry.traffic_class & 0x7U) << 9) |
                            (entry.is_bottom ? 0x100U : 0U) | entry.ttl);
  }
  return content;
}

void append_address(Buffer& content, const IpAddress& address) {
  append_u16(content, address.is_v6 ? kFamily6 : kFamily4);
  append_u16(content, 0);
  content.resize(content.size() + address.size());
  write_address(content, content.size() - address.size(), address);
}

/// Length, text, and zeros up to a multiple of four, which the length counts.
void append_name(Buffer& content, const std::string& name) {
  const std::size_t length = std::min(name.size(), kNameMax);
  const std::size_t padded = (1 + length + 3) / 4 * 4;
  const std::size_t at = content.size();
  content.resize(at + padded);
  content[at] = static_cast<std::uint8_t>(padded);
  std::copy_n(name.begin(), length, content.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

void append_interface(Buffer& bytes, const InterfaceInformation& information) {
  unsigned type = (information.role & 0x3U) << kRoleShift;
  Buffer content;
  if (information.index) {
    type |= kHasIndex;
    append_u32(content, *information.index);
  }
  if (information.address) {
    type |= kHasAddress;
    append_address(content, *information.address);
  }
  if (!information.name.empty()) {
    type |= kHasName;
    append_name(content, information.name);
  }
  if (information.mtu) {
    type |= kHasMtu;
    append_u32(content, *information.mtu);
  }
  append_object(bytes, kClassInterface, static_cast<std::uint8_t>(type), content);
}

}  // namespace

std::optional<IcmpExtensions> parse_icmp_extensions(Bytes structure) {
  if (structure.size() < kHeader || (structure[0] >> 4) != kVersion) return std::nullopt;
  const bool has_checksum = read_u16(structure, 2) != 0;
  if (has_checksum && internet_checksum(structure) != 0) return std::nullopt;
  IcmpExtensions extensions;
  Bytes rest = structure.subspan(kHeader);
  while (rest.size() >= kHeader) {
    const std::size_t length = read_u16(rest, 0);
    if (length < kHeader || length > rest.size()) break;
    if (!read_object(rest.first(length), extensions)) break;
    rest = rest.subspan(length);
  }
  return extensions;
}

std::vector<std::uint8_t> build_icmp_extensions(const IcmpExtensions& extensions) {
  Buffer bytes = {kVersion << 4, 0, 0, 0};
  if (!extensions.labels.empty()) {
    append_object(bytes, kClassMpls, kIncomingStack, label_stack(extensions.labels));
  }
  for (const InterfaceInformation& information : extensions.interfaces) {
    append_interface(bytes, information);
  }
  // A sum of 0 is sent as its other form, since 0 says that there is none.
  const std::uint16_t checksum = internet_checksum(bytes);
  write_u16(bytes, 2, checksum == 0 ? std::uint16_t{0xffff} : checksum);
  return bytes;
}

}  // namespace lw::packet
