// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lw::cli {

/// What is wrong with a command line that CLI11 has refused, if it is a verb or an option that does
/// not exist: "`linewatch get` has no verb `tets`; did you mean `tests`?". Empty if it is something
/// else. `words` are the arguments without the program's name.
std::string explain_misuse(const CLI::App& app, std::span<const std::string> words);

/// The first of the words that is neither an option of the program nor an option's value; empty if
/// there is none.
std::string first_verb(const CLI::App& app, std::span<const std::string> words);

/// The verbs that may follow the verb.
std::vector<const CLI::App*> verbs_below(const CLI::App& verb);

/// The option of that name ("--output", "-o") of the verb, or of one above it; nullptr if there is
/// none.
const CLI::Option* find_option(const CLI::App& verb, const std::string& name);

/// Whether a value follows the option.
bool takes_value(const CLI::Option& option);

}  // namespace lw::cli
