// SPDX-License-Identifier: Apache-2.0
#include "store/native.h"

#include <bit>

namespace lw::store {

static_assert(std::endian::native == std::endian::little);

namespace native {

void put_length(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_length(out, text.size());
  out += text;
}

}  // namespace native

void NativeColumn::end_array(std::size_t size) {
  elements_ += size;
  native::put_number(offsets_, elements_);
}

void NativeColumn::append_to(std::string& block) const {
  native::put_text(block, name_);
  native::put_text(block, type_);
  block += offsets_;
  block += data_;
}

std::string native_block(const std::vector<NativeColumn>& columns, std::size_t rows) {
  std::string block;
  native::put_length(block, columns.size());
  native::put_length(block, rows);
  for (const NativeColumn& column : columns) column.append_to(block);
  return block;
}

std::string_view RowReader::take(std::uint64_t size) {
  if (size > rest_.size()) {
    broken_ = true;
    rest_ = {};
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

std::uint64_t RowReader::length() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::string_view byte = take(1);
    if (broken_) return 0;
    const auto bits = static_cast<std::uint8_t>(byte.front());
    value |= static_cast<std::uint64_t>(bits & 0x7fU) << shift;
    if ((bits & 0x80U) == 0) return value;
  }
  broken_ = true;
  return 0;
}

std::vector<std::string> RowReader::texts() {
  std::vector<std::string> values;
  for (std::uint64_t left = length(); left > 0 && !broken_; --left) values.push_back(text());
  return values;
}

}  // namespace lw::store
