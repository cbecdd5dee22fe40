// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lw::store {

/// Pieces of ClickHouse's binary formats. Numbers are little-endian, as on every machine we run on.
namespace native {

void put_length(std::string& out, std::uint64_t value);
void put_text(std::string& out, std::string_view text);

template <class Number>
void put_number(std::string& out, Number value) {
  static_assert(std::is_arithmetic_v<Number>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace native

/// One column of a Native block that is being written. Values are appended row by row.
class NativeColumn {
 public:
  NativeColumn(std::string name, std::string type)
      : name_(std::move(name)), type_(std::move(type)) {}

  template <class Number>
  void add(Number value) {
    native::put_number(data_, value);
  }
  void add_text(std::string_view text) { native::put_text(data_, text); }
  /// For Array columns: the numbers of one row.
  template <class Number>
  void add_array(const std::vector<Number>& values) {
    for (const Number value : values) native::put_number(data_, value);
    end_array(values.size());
  }
  void add_texts(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) native::put_text(data_, text);
    end_array(texts.size());
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  void append_to(std::string& block) const;

 private:
  void end_array(std::size_t size);

  std::string name_;
  std::string type_;
  std::string offsets_;  ///< Array columns: where each row's elements end, before all elements
  std::string data_;
  std::uint64_t elements_ = 0;
};

/// Hands out the columns in order while one row is written.
class NativeRow {
 public:
  explicit NativeRow(std::vector<NativeColumn>& columns) : columns_(columns) {}
  NativeColumn& next() { return columns_[next_++]; }

 private:
  std::vector<NativeColumn>& columns_;
  std::size_t next_ = 0;
};

/// ClickHouse refuses a block that touches more than 100 partitions; here (keep_days, day).
inline constexpr std::size_t kPartitionsMax = 90;

/// A whole block of `rows` rows.
std::string native_block(const std::vector<NativeColumn>& columns, std::size_t rows);

/// Reads RowBinary answers value by value. Past the end everything is 0 and `is_broken`.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool is_broken() const { return broken_; }
  /// Bytes that were not read yet.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  template <class Number>
  Number number() {
    Number value{};
    const std::string_view bytes = take(sizeof value);
    if (!broken_) bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  std::uint64_t length();
  std::string text() { return std::string(take(length())); }
  template <class Number>
  std::vector<Number> array() {
    std::vector<Number> values;
    for (std::uint64_t left = length(); left > 0 && !broken_; --left) {
      values.push_back(number<Number>());
    }
    return values;
  }
  std::vector<std::string> texts();

 private:
  std::string_view take(std::uint64_t size);

  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace lw::store
