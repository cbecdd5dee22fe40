// SPDX-License-Identifier: Apache-2.0
#include "io/network_names.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.h"
#include "base/text.h"
#include "io/test_network_file.h"

namespace lw::io {
namespace {

class NetworkNamesTest : public testing::Test {
 protected:
  NetworkNamesTest() {
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    path = folder + "/networks.mmdb";
  }
  ~NetworkNamesTest() override { std::filesystem::remove_all(folder); }

  void write(const std::string& bytes) { ASSERT_TRUE(write_file_atomically(path, bytes, 0600)); }
  NetworkNames open(const NetworkFile& file) {
    write(file.bytes());
    return {path, clock};
  }
  static std::string find(NetworkNames& names, const std::string& address) {
    return names.find(*parse_ip_address(address));
  }
  static NetworkFile example(const std::string& organization, unsigned ip_version = 6,
                             unsigned record_bits = 28) {
    NetworkFile file(ip_version, record_bits);
    file.add("192.0.2.0", 24, {64'500, {{"autonomous_system_organization", organization}}});
    return file;
  }
  std::string problem_with(const std::string& bytes) {
    write(bytes);
    const NetworkNames names(path, clock);
    return names.problem() ? names.problem()->message : "";
  }

  std::string folder = std::filesystem::temp_directory_path() / "lw-networks-XXXXXX";
  std::string path;
  ManualClock clock;
};

constexpr const char* kAdvice =
    "; put a database of autonomous systems in MaxMind's format there, or do without "
    "--network-names";

TEST_F(NetworkNamesTest, finds_systems_of_both_families_whatever_the_size_of_records) {
  for (const unsigned record_bits : {24U, 28U, 32U}) {
    NetworkFile file = example("Example Net", 6, record_bits);
    file.add("198.51.100.128", 25, {4'200'000'000, {{"autonomous_system_organization", "Ünïted"}}});
    file.add("2001:db8:1::", 48, {64'502, {}});
    NetworkNames names = open(file);
    EXPECT_FALSE(names.problem());
    EXPECT_EQ(find(names, "192.0.2.0"), "AS64500 Example Net");
    EXPECT_EQ(find(names, "192.0.2.255"), "AS64500 Example Net");
    EXPECT_EQ(find(names, "192.0.3.0"), "");
    EXPECT_EQ(find(names, "198.51.100.200"), "AS4200000000 Ünïted");
    EXPECT_EQ(find(names, "198.51.100.127"), "");
    EXPECT_EQ(find(names, "2001:db8:1:ffff::1"), "AS64502");
    EXPECT_EQ(find(names, "2001:db8:2::1"), "");
  }
}

TEST_F(NetworkNamesTest, knows_nothing_of_ipv6_in_a_file_of_ipv4_only) {
  NetworkNames names = open(example("Example Net", 4, 24));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Example Net");
  EXPECT_EQ(find(names, "2001:db8::1"), "");
  EXPECT_EQ(find(names, "::192.0.2.1"), "");
}

TEST_F(NetworkNamesTest, takes_names_and_sites_of_the_operators_own_file) {
  NetworkFile file;
  file.add("10.1.0.0", 16, {0, {{"name", "core"}, {"site", "Berlin"}, {"owner", "nobody"}}});
  file.add("10.2.0.0", 16, {0, {{"site", "Paris"}}});
  file.add("10.3.0.0", 16, {64'500, {{"name", "edge"}}});
  file.add("10.4.0.0", 16, {0, {{"owner", "nobody"}}});
  NetworkNames names = open(file);
  EXPECT_EQ(find(names, "10.1.2.3"), "core, Berlin");
  EXPECT_EQ(find(names, "10.2.2.3"), "Paris");
  EXPECT_EQ(find(names, "10.3.2.3"), "AS64500, edge");
  EXPECT_EQ(find(names, "10.4.2.3"), "");
}

TEST_F(NetworkNamesTest, shows_what_the_file_says_as_one_short_harmless_line) {
  NetworkFile file = example("\x1b[31mred\nline\xff ");
  file.add("10.0.0.0", 8, {0, {{"name", std::string(250, 'x')}}});
  NetworkNames names = open(file);
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 \\x1b[31mred\\x0aline\xef\xbf\xbd");
  EXPECT_EQ(find(names, "10.0.0.1"), std::string(200, 'x'));
}

TEST_F(NetworkNamesTest, says_what_to_do_about_a_file_that_is_none) {
  const NetworkNames missing(path, clock);
  ASSERT_TRUE(missing.problem());
  EXPECT_EQ(missing.problem()->code, ErrorCode::NotFound);
  EXPECT_EQ(missing.problem()->message,
            "network names: read " + path + ": No such file or directory" + kAdvice);
  const NetworkNames directory(folder, clock);
  EXPECT_EQ(directory.problem().value().message,
            "network names: " + folder + " is no file" + kAdvice);
  ASSERT_EQ(::mkfifo((folder + "/fifo").c_str(), 0600), 0);
  EXPECT_TRUE(NetworkNames(folder + "/fifo", clock).problem()) << "and does not wait for a writer";
}

TEST_F(NetworkNamesTest, refuses_files_of_another_kind) {
  const std::string good = example("Example Net").bytes();
  EXPECT_EQ(problem_with(good), "");
  for (const std::string& bad :
       {std::string(), std::string("garbage"), std::string(100'000, 'x'), good.substr(0, 100),
        good.substr(0, good.size() - 1), good.substr(good.size() / 2)}) {
    const std::string problem = problem_with(bad);
    EXPECT_TRUE(problem.starts_with("network names: " + path + " is no MaxMind database"))
        << problem;
    EXPECT_TRUE(problem.ends_with(kAdvice)) << problem;
  }
  NetworkFile cities;
  cities.add("192.0.2.0", 24, {0, {{"city", "Berlin"}}});
  EXPECT_EQ(problem_with(cities.bytes()),
            "network names: " + path +
                " (of type Test) has neither `autonomous_system_number` nor `name` nor `site` for "
                "any network" +
                kAdvice);
  EXPECT_NE(problem_with(NetworkFile().bytes()), "") << "nor one without any network";
}

TEST_F(NetworkNamesTest, survives_whatever_is_wrong_within_a_file) {
  NetworkFile file(4, 24);
  file.add("192.0.2.0", 24, {64'500, {{"autonomous_system_organization", "Example"}}});
  file.add("198.51.100.0", 24, {0, {{"site", "Berlin"}}});
  const std::string good = file.bytes();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x20, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      std::filesystem::remove(path);  // Disks are slow to cut a file.
      std::ofstream(path, std::ios::binary) << bad;
      NetworkNames names(path, clock);
      if (names.problem()) ++refused;
      for (const char* address : {"192.0.2.1", "198.51.100.1", "0.0.0.0", "255.255.255.255"}) {
        const std::string found = find(names, address);
        EXPECT_TRUE(is_utf8(found) && is_printable(found) && found.size() <= 200) << at;
      }
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 4 * good.size()) << "or nothing was looked up";
}

TEST_F(NetworkNamesTest, reads_a_new_file_within_a_minute_and_not_before) {
  NetworkNames names = open(example("Before"));
  write(example("After").bytes());
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Before");
  clock.advance(Seconds(60));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 After");
}

TEST_F(NetworkNamesTest, finds_a_file_that_comes_later) {
  NetworkNames names(path, clock);
  EXPECT_EQ(find(names, "192.0.2.1"), "");
  write(example("Late").bytes());
  clock.advance(Seconds(60));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Late");
  EXPECT_FALSE(names.problem());
}

TEST_F(NetworkNamesTest, keeps_the_old_names_while_the_file_is_broken_or_gone) {
  NetworkNames names = open(example("Good"));
  write("half a file");
  clock.advance(Seconds(60));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Good");
  EXPECT_TRUE(names.problem());
  ASSERT_TRUE(remove_file(path));
  clock.advance(Seconds(60));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Good");
  EXPECT_EQ(names.problem().value().code, ErrorCode::NotFound);
  write(example("Whole").bytes());
  clock.advance(Seconds(60));
  EXPECT_EQ(find(names, "192.0.2.1"), "AS64500 Whole");
  EXPECT_FALSE(names.problem());
}

// A file that is mapped and then cut short ends the process with SIGBUS.
TEST_F(NetworkNamesTest, survives_a_file_that_is_cut_in_place) {
  NetworkFile file;
  // Wide enough for more than one page.
  for (int i = 0; i < 64; ++i) {
    file.add("10." + std::to_string(i) + ".0.0", 16, {0, {{"site", std::string(100, 's')}}});
  }
  NetworkNames names = open(file);
  ASSERT_GT(std::filesystem::file_size(path), 8'192U);
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  EXPECT_EQ(find(names, "10.63.0.1"), std::string(100, 's'));
}

}  // namespace
}  // namespace lw::io
