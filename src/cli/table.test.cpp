// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "base/text.h"

namespace lw::cli {
namespace {

const std::vector<Column> kColumns = {
    column("NAME", "name"),
    column("STATE", "state"),
    {"REASON", [](const Value& item) { return field(item, "reason"); }, true}};

Value items(const std::string& yaml) { return parse_yaml(yaml).value(); }

/// What print_list writes into a pipe or file.
std::string printed(const std::string& format, const Value& list) {
  testing::internal::CaptureStdout();
  print_list(format, kColumns, list);
  std::fflush(stdout);
  return testing::internal::GetCapturedStdout();
}

/// What print_list writes on a terminal of so many columns.
std::string on_terminal(unsigned short width, const Value& list) {
  const FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY));
  EXPECT_TRUE(master.is_open() && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
  FileDescriptor slave(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY));
  EXPECT_TRUE(slave.is_open());
  winsize size{};
  size.ws_col = width;
  ::ioctl(slave.get(), TIOCSWINSZ, &size);
  std::fflush(stdout);
  const FileDescriptor before(::dup(STDOUT_FILENO));
  ::dup2(slave.get(), STDOUT_FILENO);
  slave.reset();
  print_list("table", kColumns, list);
  std::fflush(stdout);
  ::dup2(before.get(), STDOUT_FILENO);  // closes the last of the slave: reading ends
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(master.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  std::erase(text, '\r');
  return text;
}

/// Without what colours it.
std::string plain(std::string text) {
  while (true) {
    const auto start = text.find("\033[");
    if (start == std::string::npos) return text;
    text.erase(start, text.find('m', start) + 1 - start);
  }
}

TEST(Table, columns_are_as_wide_as_their_widest_text) {
  EXPECT_EQ(printed("", items("[{name: a, state: Pass, reason: r}, {name: büro, state: Fail}]")),
            "NAME  STATE  REASON\n"
            "a     Pass   r\n"
            "büro  Fail   -\n");
}

TEST(Table, nothing_is_cut_or_coloured_where_no_terminal_is) {
  const std::string reason(500, 'x');
  const std::string text =
      printed("table", items("[{name: a, state: Fail, reason: " + reason + "}]"));
  EXPECT_NE(text.find(reason), std::string::npos);
  EXPECT_EQ(text.find('\033'), std::string::npos);
}

TEST(Table, on_a_terminal_lines_are_cut_to_its_width_and_marked) {
  ::unsetenv("NO_COLOR");
  const Value list = items("[{name: a, state: Fail, reason: 'ü" + std::string(100, 'x') +
                           "'}, "
                           "{name: b, state: Pass, reason: short}]");
  const std::string text = on_terminal(60, list);
  EXPECT_NE(text.find("\033[31mFail\033[0m"), std::string::npos) << text;
  const auto lines = split(plain(text), '\n');
  ASSERT_EQ(lines.size(), 4U);
  for (const std::string& line : lines) EXPECT_LE(display_width(line), 60U) << line;
  EXPECT_TRUE(lines[1].ends_with("x…")) << lines[1];
  EXPECT_TRUE(lines[2].ends_with("short"));
}

TEST(Table, no_colour_is_used_where_none_is_wanted) {
  ::setenv("NO_COLOR", "1", 1);
  const std::string text = on_terminal(80, items("[{name: a, state: Fail}]"));
  ::unsetenv("NO_COLOR");
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
}

TEST(Table, a_narrow_terminal_gives_the_whole_reason_a_line_of_its_own) {
  const std::string reason(99, 'x');
  const auto lines = split(
      plain(on_terminal(30, items("[{name: a, state: Fail, reason: " + reason + "}]"))), '\n');
  EXPECT_EQ(lines[0].find("REASON"), std::string::npos) << lines[0];
  EXPECT_EQ(std::string(trim(lines[2])), reason);
}

TEST(Csv, quotes_what_needs_it_and_doubles_quotes) {
  EXPECT_EQ(printed("csv", items(R"([{name: 'a,b', state: 'say "hi"', reason: "two\nlines"},)"
                                 R"( {name: plain, state: "with space", reason: "x\ry"}])")),
            "NAME,STATE,REASON\n"
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n"
            "plain,with space,\"x\ry\"\n");
}

TEST(PrintList, json_and_yaml_are_read_back_as_they_were) {
  const Value list = items("[{name: a, state: Pass, more: [1, null]}]");
  EXPECT_EQ(parse_json(printed("json", list)).value(), list);
  EXPECT_EQ(parse_yaml(printed("yaml", list)).value(), list);
}

TEST(Field, shows_each_kind_of_value_and_a_dash_for_none) {
  const Value item = items("{t: text, e: '', n: null, y: true, f: false, i: -3, d: 1.5, l: [1]}");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"t", "text"}, {"e", "-"},   {"n", "-"},   {"y", "yes"},    {"f", "no"},
      {"i", "-3"},   {"d", "1.5"}, {"l", "[1]"}, {"missing", "-"}};
  for (const auto& [key, expected] : cases) EXPECT_EQ(field(item, key), expected) << key;
}

TEST(MillisecondsField, has_as_many_digits_as_mean_something) {
  const Value item = items("{a: 0.0123, b: 9.87654, c: 12.3456, d: 1234.56, e: null, f: text}");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a", "0.012 ms"}, {"b", "9.877 ms"}, {"c", "12.35 ms"}, {"d", "1234.6 ms"},
      {"e", "-"},        {"f", "-"},        {"missing", "-"}};
  for (const auto& [key, expected] : cases) EXPECT_EQ(milliseconds_field(item, key), expected);
}

}  // namespace
}  // namespace lw::cli
