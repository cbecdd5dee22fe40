// SPDX-License-Identifier: Apache-2.0
#include "model/status_codes.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(StatusCodes, ReadClassesSinglesAndRanges) {
  EXPECT_EQ(parse_status_codes("2xx"), (StatusCodeRange{200, 299}));
  EXPECT_EQ(parse_status_codes("20X"), (StatusCodeRange{200, 209}));
  EXPECT_EQ(parse_status_codes("418"), (StatusCodeRange{418, 418}));
  EXPECT_EQ(parse_status_codes("301-304"), (StatusCodeRange{301, 304}));
  EXPECT_EQ(parse_status_codes("600"), (StatusCodeRange{600, 600}));
}

TEST(StatusCodes, RefuseOtherForms) {
  for (const char* text : {"", "x", "2", "20", "2000", "99", "601", "xxx", "2x0", "304-301",
                           "2xx-3xx", "301-", "-304", "ok", "6xx"}) {
    EXPECT_FALSE(parse_status_codes(text)) << text;
  }
}

TEST(StatusCodes, ReadBackWhatIsWritten) {
  for (const char* text : {"2xx", "418", "301-304"}) {
    EXPECT_EQ(to_string(*parse_status_codes(text)), text);
  }
  EXPECT_EQ(parse_status_codes(to_string(StatusCodeRange{200, 209})), (StatusCodeRange{200, 209}));
}

}  // namespace
}  // namespace lw
