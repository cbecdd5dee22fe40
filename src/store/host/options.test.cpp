// SPDX-License-Identifier: Apache-2.0
#include "store/host/options.h"

#include <gtest/gtest.h>

#include "store/host/chdb_api.h"

namespace lw::store::host {
namespace {

TEST(Options, all_options_are_read_in_both_forms) {
  const auto options = read_options({"--data", "/d", "--listen=[::1]:99", "--user", "u",
                                     "--port-file=/p", "--memory-max-mb", "512"});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->data, "/d");
  EXPECT_EQ(options->address, "::1");
  EXPECT_EQ(options->port, 99);
  EXPECT_EQ(options->user, "u");
  EXPECT_EQ(options->port_file, "/p");
  EXPECT_EQ(options->memory_max_mb, 512U);
}

TEST(Options, faults_are_named) {
  for (const auto& [arguments, word] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "--data"},
           {{"--data"}, "--data needs a value"},
           {{"--data", "d", "--dta", "x"}, "--dta"},
           {{"--data", "d", "--listen", "8123"}, "ADDRESS:PORT"},
           {{"--data", "d", "--listen", "127.0.0.1:70000"}, "70000"},
           {{"--data", "d", "--memory-max-mb", "1x"}, "1x"}}) {
    const auto options = read_options(arguments);
    ASSERT_FALSE(options.has_value()) << word;
    EXPECT_NE(options.error().message.find(word), std::string::npos) << options.error().message;
  }
}

TEST(FindChdb, a_named_library_that_is_not_there_is_named) {
  const auto found = find_chdb("/not/there.so", "", "/usr/bin/linewatch-store");
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().message.find("/not/there.so"), std::string::npos);
  const auto nowhere = find_chdb("", "", "/not/a/b/c/linewatch-store");
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_NE(nowhere.error().message.find("npm ci"), std::string::npos);
}

}  // namespace
}  // namespace lw::store::host
