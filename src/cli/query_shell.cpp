// SPDX-License-Identifier: Apache-2.0
#include "cli/query_shell.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "base/environment.h"
#include "base/text.h"
#include "cli/query_words.h"

namespace lw::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

/// Ctrl-C is for the query that runs, not for the shell.
void take_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

std::string history_file() {
  if (auto named = environment_variable("LINEWATCH_QUERY_HISTORY")) return *named;
  const auto home = environment_variable("HOME");
  return home ? *home + "/.linewatch_query_history" : std::string();
}

struct Command {
  std::string_view name;
  std::string_view argument;
  std::string_view what;
};
constexpr std::array kCommands = {
    Command{".help", "", "this"},
    Command{".tables", "", "the tables"},
    Command{".schema", "TABLE", "its columns"},
    Command{".output", "table|json|yaml|csv|jsonl", "how rows are written from now on"},
    Command{".timespan", "P1D", "of which time rows are from now on; without a value: of all"},
    Command{".workspace", "NAME", "whose rows; without a value: the default one"},
    Command{".explain", "on|off", "show how a query is run instead of its rows"},
    Command{".quit", "", "ends, as Ctrl-D does"},
};

void print_help() {
  for (const Command& command : kCommands) {
    fmt::print("{:<36} {}\n", fmt::format("{} {}", command.name, command.argument), command.what);
  }
  fmt::print(
      "A query goes on in the next line where a bracket is open or it ends in what wants more, "
      "such "
      "as |.\nAn empty line ends it in any case. Tab completes, the arrow keys bring back what was "
      "asked, Ctrl-C drops.\n");
}

class Shell {
 public:
  Shell(ApiClient& client, QueryOptions options, std::string output)
      : client_(client), options_(std::move(options)), output_(std::move(output)) {}

  int run() {
    take_interrupts();
    if (auto known = learn(); !known) return report(known.error());
    LineEditor editor(history_file(), [this](std::string_view text) {
      return complete_query(words_, text_ + std::string(text));
    });
    fmt::print("{} tables at {}; .help tells more\n", words_.tables.size(), client_.url());
    if (!editor.can_edit()) fmt::print("(lines cannot be edited: libedit2 is not installed)\n");
    while (read(editor)) {
    }
    return kExitSuccess;
  }

 private:
  Result<void> learn() {
    const Value schema = TRY(client_.get("/api/v1/kql/schema"));
    words_ = query_words_of(schema, TRY(client_.get("/api/v1/kql/capabilities")));
    return {};
  }

  /// A line, and what follows from it. False at the end.
  bool read(LineEditor& editor) {
    std::string line;
    switch (editor.read(text_.empty() ? "kql> " : "  -> ", line)) {
      case LineEditor::Read::End:
        return false;
      case LineEditor::Read::Dropped:
        text_.clear();
        return true;
      case LineEditor::Read::Line:
        break;
    }
    const bool is_blank = trim(line).empty();
    if (text_.empty() && is_blank) return true;
    if (!is_blank) text_ += (text_.empty() ? "" : "\n") + line;
    if (!is_blank && is_unfinished(text_)) return true;
    return take(editor, std::exchange(text_, {}));
  }

  bool take(LineEditor& editor, const std::string& text) {
    editor.remember(in_one_line(text));
    if (!text.starts_with('.')) {
      ask(text);
      return true;
    }
    const auto space = std::min(text.find(' '), text.size());
    return run_command(text.substr(0, space), std::string(trim(text.substr(space))));
  }

  /// As the history keeps it. A comment would swallow what follows in the same line.
  static std::string in_one_line(const std::string& text) {
    if (text.contains("//")) return text.substr(0, text.find('\n'));
    std::string line = text;
    std::ranges::replace(line, '\n', ' ');
    return line;
  }

  void ask(const std::string& query) {
    interrupted = 0;
    if (options_.explain) {
      explain_query(client_, query, options_, output_);
    } else {
      run_one_query(client_, query, options_, output_, [] { return interrupted != 0; });
    }
    std::fflush(stdout);
  }

  bool run_command(const std::string& name, const std::string& value) {
    if (name == ".quit" || name == ".exit") return false;
    if (name == ".help") {
      print_help();
    } else if (name == ".tables") {
      for (const auto& [table, columns] : words_.tables) fmt::print("{}\n", table);
    } else if (name == ".schema") {
      show_schema(value);
    } else if (name == ".timespan") {
      options_.timespan = value;
    } else if (name == ".workspace") {
      options_.workspace = value;
    } else if (name == ".explain") {
      options_.explain = value != "off";
    } else if (name == ".output") {
      set_output(value);
    } else {
      fmt::print(stderr, "linewatch: there is no {}; .help tells what there is\n",
                 name.substr(0, 40));
    }
    return true;
  }

  void show_schema(const std::string& table) const {
    const auto found = words_.tables.find(table);
    if (found == words_.tables.end()) {
      fmt::print(stderr, "linewatch: there is no table `{}`; .tables lists them\n",
                 table.substr(0, 100));
      return;
    }
    for (const std::string& column : found->second) fmt::print("{}\n", column);
  }

  void set_output(const std::string& output) {
    constexpr std::array<std::string_view, 5> kTexts = {"table", "json", "yaml", "csv", "jsonl"};
    if (std::ranges::find(kTexts, output) == kTexts.end()) {
      fmt::print(stderr, "linewatch: .output takes table, json, yaml, csv or jsonl\n");
      return;
    }
    output_ = output;
  }

  ApiClient& client_;
  QueryOptions options_;
  std::string output_;
  QueryWords words_;
  std::string text_;  ///< of a query that goes on
};

}  // namespace

std::vector<std::string> shell_commands() {
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

int run_query_shell(ApiClient& client, QueryOptions options, std::string output) {
  return Shell(client, std::move(options), std::move(output)).run();
}

}  // namespace lw::cli
