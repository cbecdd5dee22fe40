// SPDX-License-Identifier: Apache-2.0
// linewatch completion: a script that teaches a shell our verbs and options.
#include <fmt/core.h>

#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace lw::cli {
namespace {

/// All words that may follow `verb`: its subcommands and long options.
std::string words_of(const CLI::App& verb) {
  std::string words;
  for (const CLI::App* child : verb.get_subcommands([](const CLI::App*) { return true; })) {
    words += child->get_name() + " ";
  }
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

/// One `case` line for the verb and each one below it, keyed by the words before.
void add_cases(const CLI::App& verb, const std::string& path, std::string& cases) {
  cases += fmt::format("    '{}') words='{}' ;;\n", path, words_of(verb));
  for (const CLI::App* child : verb.get_subcommands([](const CLI::App*) { return true; })) {
    add_cases(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), cases);
  }
}

std::string bash_script(const CLI::App& app) {
  std::string cases;
  add_cases(app, "", cases);
  return "# linewatch completion for bash: source <(linewatch completion bash)\n"
         "_linewatch() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} path='' words='' i\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    [[ ${COMP_WORDS[i]} == -* ]] && break\n"
         "    path+=\"${path:+ }${COMP_WORDS[i]}\"\n"
         "  done\n"
         "  case $path in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words --output --server --token --ca --data --help\" -- "
         "\"$current\"))\n"
         "  [[ ${COMP_WORDS[COMP_CWORD-1]} == -f ]] && COMPREPLY=($(compgen -f -- \"$current\"))\n"
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
