// SPDX-License-Identifier: Apache-2.0
#include "store/native.h"

#include <gtest/gtest.h>

#include <limits>

namespace lw::store {
namespace {

using namespace std::string_literals;

TEST(Native, a_block_is_counts_then_columns_with_name_type_and_data) {
  NativeColumn id("id", "UInt16");
  id.add(std::uint16_t{1});
  id.add(std::uint16_t{513});
  NativeColumn name("n", "String");
  name.add_text("ab");
  name.add_text("");
  EXPECT_EQ(native_block({id, name}, 2),
            "\x02\x02"
            "\x02id\x06UInt16\x01\x00\x01\x02"
            "\x01n\x06String\x02"
            "ab\x00"s);
}

TEST(Native, an_array_column_has_all_ends_before_all_elements) {
  NativeColumn column("a", "Array(UInt8)");
  column.add_array(std::vector<std::uint8_t>{7, 8});
  column.add_array(std::vector<std::uint8_t>{});
  column.add_array(std::vector<std::uint8_t>{9});
  std::string bytes;
  column.append_to(bytes);
  EXPECT_EQ(bytes,
            "\x01"
            "a\x0c"
            "Array(UInt8)"
            "\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0"
            "\x07\x08\x09"s);
}

TEST(Native, lengths_of_any_size_are_read_as_written) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{300},
        std::numeric_limits<std::uint64_t>::max()}) {
    std::string bytes;
    native::put_length(bytes, value);
    RowReader reader(bytes);
    EXPECT_EQ(reader.length(), value);
    EXPECT_TRUE(reader.at_end());
    EXPECT_FALSE(reader.is_broken());
  }
}

TEST(Native, cut_off_rows_are_noticed_at_any_length) {
  std::string bytes;
  native::put_text(bytes, "text");
  native::put_length(bytes, 2);
  native::put_number(bytes, std::uint32_t{1});
  native::put_number(bytes, std::uint32_t{2});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    RowReader reader(std::string_view(bytes).substr(0, size));
    reader.text();
    reader.array<std::uint32_t>();
    EXPECT_TRUE(reader.is_broken()) << size;
  }
}

TEST(Native, a_length_beyond_the_bytes_takes_no_memory) {
  std::string bytes;
  native::put_length(bytes, std::numeric_limits<std::uint64_t>::max());
  RowReader text(bytes);
  EXPECT_EQ(text.text(), "");
  EXPECT_TRUE(text.is_broken());
  RowReader array(bytes);
  EXPECT_TRUE(array.array<std::uint64_t>().size() <= 1);
  EXPECT_TRUE(array.is_broken());
}

}  // namespace
}  // namespace lw::store
