// SPDX-License-Identifier: Apache-2.0
// linewatch completion: a script that teaches a shell our verbs and options.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/context.h"
#include "cli/misuse.h"

namespace lw::cli {
namespace {

/// Options whose value is a file or a folder.
constexpr std::array<std::string_view, 12> kFileOptions = {
    "-f",          "--file",         "--ca",
    "--data",      "--config",       "--extra-ca",
    "--join-file", "--token-file",   "--store-library",
    "--targets",   "--remote-write", "--oidc"};

std::string path_of(const std::string& path, const CLI::App& verb) {
  return path.empty() ? verb.get_name() : path + " " + verb.get_name();
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

/// The values that an option or a plain word must be one of, if there is such a list; CLI11 shows
/// it in braces: "TEXT:{table,json}".
std::string choices_of(const CLI::Option& option) {
  // The server reads them, so that it may learn new ones.
  if (option.check_lname("state")) return "Pass Warning Fail Indeterminate NotRunning";
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return join(split(type.substr(open + 1, close - open - 1), ','), " ");
}

/// All words that may follow `verb`: its subcommands, long options, and plain words of a list.
std::string words_of(const CLI::App& verb) {
  std::string words;
  for (const CLI::App* child : verbs_below(verb)) words += child->get_name() + " ";
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
    if (option->get_positional()) words += choices_of(*option) + " ";
  }
  return words;
}

/// One `case` line for the verb and each one below it, keyed by the verbs before.
void add_word_cases(const CLI::App& verb, const std::string& path, std::string& cases) {
  cases += fmt::format("        '{}') words='{}' ;;\n", path, words_of(verb));
  for (const CLI::App* child : verbs_below(verb)) {
    add_word_cases(*child, path_of(path, *child), cases);
  }
}

/// 'get'|'get tests'|…: what is a verb, and no value or plain word.
void add_paths(const CLI::App& verb, const std::string& path, std::vector<std::string>& paths) {
  for (const CLI::App* child : verbs_below(verb)) {
    paths.push_back("'" + path_of(path, *child) + "'");
    add_paths(*child, path_of(path, *child), paths);
  }
}

struct ValueOptions {
  std::set<std::string> names;               ///< of all options that a value follows
  std::map<std::string, std::string> cases;  ///< what to offer, by option
  /// Likewise of verbs that take other values than the verb above: "query -o".
  std::map<std::string, std::string> special;
};

/// An option that one verb has as a flag and another with a value counts as a flag: then at worst
/// too much is offered.
void add_value_options(const CLI::App& verb, const std::string& path, std::set<std::string>& flags,
                       ValueOptions& found) {
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : names_of(*option)) {
      if (!takes_value(*option)) {
        flags.insert(name);
        continue;
      }
      found.names.insert(name);
      const std::string choices = choices_of(*option);
      if (choices.empty()) continue;
      const std::string action = fmt::format("words='{}'", choices);
      const auto [known, is_new] = found.cases.try_emplace(name, action);
      if (!is_new && known->second != action) found.special[path + " " + name] = action;
    }
  }
  for (const CLI::App* child : verbs_below(verb)) {
    add_value_options(*child, path_of(path, *child), flags, found);
  }
}

ValueOptions value_options(const CLI::App& app) {
  ValueOptions found;
  std::set<std::string> flags;
  add_value_options(app, "", flags, found);
  for (const std::string_view name : kFileOptions) {
    found.cases[std::string(name)] =
        "COMPREPLY=($(compgen -f -- \"$current\")); compopt -o filenames 2>/dev/null; return";
  }
  for (const std::string& flag : flags) {
    found.names.erase(flag);
    found.cases.erase(flag);
  }
  return found;
}

std::string bash_script(const CLI::App& app) {
  std::string word_cases;
  add_word_cases(app, "", word_cases);
  std::vector<std::string> paths;
  add_paths(app, "", paths);
  const ValueOptions options = value_options(app);
  const std::string all_values =
      join(std::vector<std::string>(options.names.begin(), options.names.end()), "|");
  std::string value_cases;
  std::string special_cases;
  for (const auto& [place, action] : options.special) {
    special_cases += fmt::format("  '{}') {} ;;\n", place, action);
  }
  for (const auto& [name, action] : options.cases) {
    value_cases += fmt::format("    {}) {} ;;\n", name, action);
  }
  // Bash takes `--output=json` for three words.
  return "# linewatch completion for bash: source <(linewatch completion bash)\n"
         "_linewatch() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local path='' words='' word i\n"
         "  [[ $current == = ]] && current=''\n"
         "  [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD-2]}\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case $word in\n"
         "      " +
         all_values +
         ")\n"
         "        [[ ${COMP_WORDS[i+1]} == = ]] && i=$((i + 1))\n"
         "        i=$((i + 1)) ;;\n"
         "      -*) ;;\n"
         "      *) case \"${path:+$path }$word\" in\n"
         "        " +
         join(paths, "|") +
         ") path=\"${path:+$path }$word\" ;;\n"
         "      esac ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path $previous\" in\n" +
         special_cases + "  *) case $previous in\n" + value_cases + "    " + all_values +
         ") ;;\n"
         "    *)\n"
         "      case $path in\n" +
         word_cases +
         "      esac\n"
         "      words+=' --output --server --token --ca --data --help' ;;\n"
         "    esac ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -F _linewatch linewatch\n";
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand("completion", "Print a completion script");
  auto shell = std::make_shared<std::string>();
  verb->add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  verb->callback([=, &app, &context] {
    context.action = [=, &app] {
      // zsh runs bash's completions by its own emulation.
      if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
      fmt::print("{}", bash_script(app));
      return kExitSuccess;
    };
  });
}

}  // namespace lw::cli
