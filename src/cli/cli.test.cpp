// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: verbs, misuse, completion, and the way to a server.
#include "cli/cli.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "cli/cli_fixture.h"
#include "cli/program.h"
#include "io/host.h"

namespace lw::cli {
namespace {

const std::vector<std::string> kVerbs = {"up",         "status",   "get",   "validate", "plan",
                                         "apply",      "delete",   "check", "agent",    "server",
                                         "completion", "selftest", "trace", "migrate",  "export"};

TEST(Cli, help_names_every_verb) {
  const Outcome help = run_with({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const std::string& verb : kVerbs) EXPECT_TRUE(contains(help.out, "\n  " + verb)) << verb;
  EXPECT_EQ(run_with({}).code, 2);
  EXPECT_TRUE(contains(run_with({"--version"}).out, "linewatch "));
}

/// The verbs in a program's help, and those that it says it has not.
std::pair<std::set<std::string>, std::set<std::string>> verbs_in(const std::string& help) {
  std::pair<std::set<std::string>, std::set<std::string>> verbs;
  std::set<std::string>* group = nullptr;
  for (const std::string& line : split(help, '\n')) {
    if (line.starts_with("Subcommands")) group = &verbs.first;
    if (line.starts_with("Not in this program")) group = &verbs.second;
    const bool is_verb = line.starts_with("  ") && line.size() > 2 && line[2] != ' ';
    if (group != nullptr && is_verb) group->insert(line.substr(2, line.find(' ', 2) - 2));
  }
  return verbs;
}

TEST(AgentProgram, has_or_names_every_verb_of_the_full_program) {
  const auto [all, missing_of_all] = verbs_in(run_with({"--help"}).out);
  const auto [has, left_out] = verbs_in(run_with({"--help"}, agent_program()).out);
  EXPECT_GT(all.size(), kVerbs.size());
  EXPECT_EQ(missing_of_all, std::set<std::string>());
  EXPECT_EQ(has, (std::set<std::string>{"agent", "check", "selftest", "trace"}));
  std::set<std::string> both = has;
  both.insert(left_out.begin(), left_out.end());
  EXPECT_EQ(both, all);
  EXPECT_EQ(has.size() + left_out.size(), all.size());
}

TEST(AgentProgram, a_verb_that_it_has_not_is_said_to_be_elsewhere) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"get"},
                                             {"get", "tests", "--state", "Fail"},
                                             {"get", "--help"},
                                             {"-o", "csv", "--data=/x", "get", "paths", "check"}}) {
    const Outcome outcome = run_with(words, agent_program());
    EXPECT_EQ(outcome.code, 2) << words.back();
    EXPECT_TRUE(contains(outcome.err, "linewatch: `get` is not in this program")) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  const Outcome here = run_with({"--data", "get", "check", "icmp", "--help"}, agent_program());
  EXPECT_EQ(here.code, 0) << "`get` is a folder here: " << here.err;
  const Outcome typo = run_with({"chekc"}, agent_program());
  EXPECT_TRUE(contains(typo.err, "did you mean `check`?")) << typo.err;
}

TEST(Cli, misuse_is_said_in_one_line_with_the_verb_that_was_meant) {
  const Outcome typo = run_with({"stauts"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_TRUE(contains(typo.err, "did you mean `status`?")) << typo.err;
  const Outcome option = run_with({"status", "--colour"});
  EXPECT_EQ(option.code, 2);
  EXPECT_TRUE(contains(option.err, "`linewatch status` has no option `--colour` (see"))
      << option.err;
  EXPECT_EQ(run_with({"get", "tests", "-o", "xml"}).code, 2);
  EXPECT_EQ(run_with({"check", "tcp", "host"}).code, 2);
}

TEST(Cli, a_misspelt_verb_or_option_anywhere_is_named_with_the_one_that_was_meant) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"get", "tets"}, "`linewatch get` has no verb `tets`; did you mean `tests`?"},
      {{"-o", "json", "get", "agnets"},
       "`linewatch get` has no verb `agnets`; did you mean `agents`?"},
      {{"agent", "token", "craete"}, "has no verb `craete`; did you mean `create`?"},
      {{"get", "tests", "--moniter", "x"}, "has no option `--moniter`; did you mean `--monitor`?"},
      {{"get", "tests", "--moniter=x"}, "has no option `--moniter`; did you mean `--monitor`?"},
      {{"get", "tests", "--monitor", "up", "--sauce", "x"}, "did you mean `--source`?"},
      {{"status", "--ouput", "json"}, "has no option `--ouput`; did you mean `--output`?"},
      {{"get", "tests", "-x"}, "`linewatch get tests` has no option `-x`"},
      {{"get", "zzzzzz"}, "`linewatch get` has no verb `zzzzzz` (see"},
  };
  for (const auto& [words, said] : cases) {
    const Outcome outcome = run_with(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(contains(outcome.err, said)) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
}

TEST(Cli, other_misuse_is_not_taken_for_a_misspelt_word) {
  EXPECT_TRUE(contains(run_with({"apply"}).err, "--file")) << "what is missing is named";
  EXPECT_TRUE(contains(run_with({"check", "icmp", "up", "--count", "-4"}).err, "-4"));
  EXPECT_FALSE(contains(run_with({"check", "http"}).err, "no verb"));
}

TEST(Cli, a_limit_that_is_none_is_refused_in_words) {
  for (const std::string limit : {"0", "-3", "20001", "many", "1.5", ""}) {
    const Outcome refused = run_with({"get", "rounds", "x", "--limit", limit});
    EXPECT_EQ(refused.code, 2);
    EXPECT_TRUE(contains(refused.err,
                         "--limit: must be a whole number from 1 to 20000, not `" + limit + "`"))
        << refused.err;
  }
}

/// The words that bash offers after `words` when the last one is to be completed.
std::vector<std::string> completed(const std::string& script,
                                   const std::vector<std::string>& words) {
  std::string command = script + "\nCOMP_WORDS=(linewatch";
  for (const std::string& word : words) command += " '" + word + "'";
  command += "); COMP_CWORD=" + std::to_string(words.size()) + "; _linewatch\n" +
             "printf '%s\\n' \"${COMPREPLY[@]}\"\n";
  char path[] = "/tmp/lw-completion-XXXXXX";
  const FileDescriptor file(::mkstemp(path));
  EXPECT_TRUE(write_all(file.get(), command, path).has_value());
  FILE* const pipe = ::popen(("bash " + std::string(path) + " 2>&1").c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << output;
  EXPECT_TRUE(remove_file(path).has_value());
  return split(trim(output), '\n');
}

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

TEST(Completion, bash_offers_every_verb_and_what_is_below_it) {
  const std::string script = run_with({"completion", "bash"}).out;
  const auto verbs = completed(script, {""});
  for (const std::string& verb : kVerbs) EXPECT_TRUE(holds(verbs, verb)) << verb;
  EXPECT_EQ(completed(script, {"sta"}), std::vector<std::string>{"status"});
  EXPECT_TRUE(holds(completed(script, {"get", "te"}), "test-groups"));
  EXPECT_TRUE(holds(completed(script, {"agent", "token", ""}), "create"));
  EXPECT_TRUE(holds(completed(script, {"get", "tests", "--st"}), "--state"));
  EXPECT_FALSE(holds(completed(script, {"get", "tests", ""}), "up"));
}

TEST(Completion, bash_offers_the_values_of_an_option_and_the_options_after_other_words) {
  using Words = std::vector<std::string>;
  const std::string script = run_with({"completion", "bash"}).out;
  const Words outputs = {"table", "json", "yaml", "csv"};
  EXPECT_EQ(completed(script, {"get", "tests", "-o", ""}), outputs);
  EXPECT_EQ(completed(script, {"--output", "j"}), Words{"json"});
  EXPECT_EQ(completed(script, {"query", "T", "-o", "par"}), Words{"parquet"});
  EXPECT_EQ(completed(script, {"query", "--output", "=", "j"}), (Words{"json", "jsonl"}));
  EXPECT_EQ(completed(script, {"get", "--output", "=", "y"}), Words{"yaml"});
  EXPECT_EQ(completed(script, {"get", "--output", "="}), outputs);
  EXPECT_EQ(completed(script, {"get", "tests", "--state", "Fa"}), Words{"Fail"});
  EXPECT_EQ(completed(script, {"trace", "--protocol", "u"}), Words{"udp"});
  EXPECT_EQ(completed(script, {"get", "tests", "--monitor", ""}), Words{""}) << "any text";
  EXPECT_EQ(completed(script, {"completion", "z"}), Words{"zsh"});
  // Global options before a verb, values and plain words do not end the way to it.
  EXPECT_EQ(completed(script, {"-o", "json", "get", "faul"}), Words{"faults"});
  EXPECT_TRUE(holds(completed(script, {"get", "tests", "--monitor", "up", "--gr"}), "--group"));
  EXPECT_TRUE(holds(completed(script, {"check", "tcp", "web:443", "--cou"}), "--count"));
  EXPECT_FALSE(holds(completed(script, {"check", "tcp", "web:443", "--"}), "--monitor"));
}

TEST(Completion, bash_offers_files_where_a_file_belongs) {
  const std::string script = run_with({"completion", "bash"}).out;
  EXPECT_TRUE(holds(completed(script, {"apply", "-f", "/etc/passw"}), "/etc/passwd"));
  EXPECT_TRUE(holds(completed(script, {"apply", "--file", "/etc/passw"}), "/etc/passwd"));
}

TEST(Completion, zsh_gets_the_same_by_its_emulation) {
  const std::string zsh = run_with({"completion", "zsh"}).out;
  EXPECT_TRUE(contains(zsh, "bashcompinit"));
  EXPECT_TRUE(zsh.ends_with(run_with({"completion", "bash"}).out));
  EXPECT_EQ(run_with({"completion", "fish"}).code, 2);
}

TEST_F(ServerTest, what_a_local_server_left_in_the_data_folder_is_enough) {
  io::HttpRequest seen;
  answer_ = [&](const io::HttpRequest& request) {
    seen = request;
    return io::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":[]})"};
  };
  EXPECT_EQ(linewatch({"get", "tests", "--search", "a b&c=d"}).code, 0);
  EXPECT_EQ(seen.header("Authorization"), "Bearer lwt-secret");
  EXPECT_EQ(seen.path, "/api/v1/tests");
  EXPECT_EQ(seen.parameter("search"), "a b&c=d");
  EXPECT_FALSE(seen.has_parameter("state")) << "what is not asked for is not sent";
}

TEST_F(ServerTest, flags_win_over_the_data_folder) {
  std::string seen;
  answer_ = [&](const io::HttpRequest& request) {
    seen = request.header("Authorization");
    return io::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":[]})"};
  };
  write("server.url", "http://127.0.0.1:1\n");
  EXPECT_EQ(linewatch({"get", "agents", "--server", url_ + "/", "--token", "other"}).code, 0);
  EXPECT_EQ(seen, "Bearer other");
}

TEST_F(ServerTest, an_error_is_shown_in_the_servers_own_words_with_each_fault_on_a_line) {
  answer_ = [](const io::HttpRequest&) {
    return io::HttpResponse{
        .status = 400,
        .headers = {},
        .body = R"({"error":{"code":"InvalidInput","message":"2 faults","details":)"
                R"([{"message":"m","text":"f.yaml:1:2: one"},{"message":"two"}]}})"};
  };
  write("f.yaml", "connectionMonitors: []");
  const Outcome outcome = linewatch({"apply", "-f", folder_ + "/f.yaml"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "linewatch: 2 faults\n  f.yaml:1:2: one\n  two"))
      << outcome.err;
}

TEST_F(ServerTest, an_answer_that_is_no_answer_of_ours_is_named_with_its_status) {
  answer_ = [](const io::HttpRequest&) {
    return io::HttpResponse{.status = 502, .headers = {}, .body = "<html>Bad Gateway</html>"};
  };
  const Outcome outcome = linewatch({"status"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, url_) && contains(outcome.err, "502")) << outcome.err;
}

TEST_F(ServerTest, without_a_server_it_says_where_it_looked_and_what_to_pass) {
  ASSERT_TRUE(remove_file(folder_ + "/server.url").has_value());
  const Outcome outcome = linewatch({"status"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "--server URL") &&
              contains(outcome.err, folder_ + "/server.url"))
      << outcome.err;
}

TEST_F(ServerTest, a_server_that_is_away_is_a_failure_and_no_misuse) {
  const auto port = io::free_loopback_port();
  const Outcome outcome =
      linewatch({"status", "--server", "http://127.0.0.1:" + std::to_string(*port)});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_FALSE(outcome.err.empty());
}

TEST_F(ServerTest, a_test_is_found_by_a_part_of_its_name_that_fits_one) {
  std::vector<std::string> paths;
  answer_ = [&](const io::HttpRequest& request) {
    paths.push_back(request.path);
    const bool is_list = request.path == "/api/v1/tests";
    return io::HttpResponse{
        .status = 200,
        .headers = {},
        .body = is_list ? R"({"value":[)"
                          R"({"id":"00000000000000aa","connectionMonitor":"m","testGroup":"g",)"
                          R"("source":"s","destination":"db","testConfiguration":"ping"},)"
                          R"({"id":"00000000000000bb","connectionMonitor":"m","testGroup":"g",)"
                          R"("source":"s","destination":"db","testConfiguration":"ping6"}]})"
                        : R"({"value":[]})"};
  };
  EXPECT_EQ(linewatch({"get", "rounds", "PING6"}).code, 0);
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000bb/rounds");
  EXPECT_EQ(linewatch({"get", "changes", "00000000000000aa"}).code, 0);
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000aa/changes");
  EXPECT_EQ(linewatch({"get", "rounds", "m/g/s/db/ping"}).code, 0) << "its whole name fits it";
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000aa/rounds");
  const Outcome unclear = linewatch({"get", "rounds", "db"});
  EXPECT_EQ(unclear.code, 2);
  EXPECT_TRUE(contains(unclear.err, "00000000000000aa") && contains(unclear.err, "ping6"));
  EXPECT_EQ(linewatch({"get", "rounds", "nowhere"}).code, 1);
}

TEST_F(ServerTest, a_filter_that_names_nothing_is_said_with_what_was_meant) {
  answer_ = [](const io::HttpRequest& request) {
    const auto body = [&]() -> std::string {
      if (request.path == "/api/v1/connection-monitors") {
        return R"({"value":[{"name":"web"},{"name":"office"}]})";
      }
      const bool is_filtered = request.has_parameter("connectionMonitor") ||
                               request.has_parameter("source") ||
                               request.has_parameter("testGroup") || request.has_parameter("state");
      if (is_filtered) return R"({"value":[]})";
      return R"({"value":[{"testGroup":"checkout","source":"berlin/a1","destination":"db"}]})";
    }();
    return io::HttpResponse{.status = 200, .headers = {}, .body = body};
  };
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"tests", "--monitor", "ofice"}, "no connection monitor `ofice`; did you mean `office`?"},
      {{"tests", "--monitor", "nosuch"},
       "no connection monitor `nosuch`; see `linewatch get monitors`"},
      {{"test-groups", "--group", "chekout"}, "no test group `chekout`; did you mean `checkout`?"},
      {{"tests", "--source", "berlin/a2"}, "no source `berlin/a2`; did you mean `berlin/a1`?"},
      {{"tests", "--monitor", "web", "--destination", "db1"}, "no destination `db1`"},
  };
  for (const auto& [words, said] : cases) {
    for (const std::string output : {"table", "json"}) {
      std::vector<std::string> all = {"get", "-o", output};
      all.insert(all.end(), words.begin(), words.end());
      const Outcome outcome = linewatch(all);
      EXPECT_EQ(outcome.code, 1);
      EXPECT_TRUE(contains(outcome.err, said)) << outcome.err;
      EXPECT_EQ(outcome.out, "");
    }
  }
  EXPECT_EQ(linewatch({"get", "tests", "--monitor", "WEB", "--state", "Fail"}).code, 0)
      << "it exists, and nothing fails just now";
}

}  // namespace
}  // namespace lw::cli
