// SPDX-License-Identifier: Apache-2.0
#include "cli/misuse.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace lw::cli {
namespace {

std::string full_name(const CLI::App& verb) {
  const CLI::App* const parent = verb.get_parent();
  return parent == nullptr ? verb.get_name() : full_name(*parent) + " " + verb.get_name();
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  return near ? fmt::format("; did you mean `{}`?", *near) : "";
}

std::string unknown_verb(const CLI::App& verb, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* below : verbs_below(verb)) known.push_back(below->get_name());
  return fmt::format("`{}` has no verb `{}`{}", full_name(verb), word, did_you_mean(word, known));
}

std::string unknown_option(const CLI::App& verb, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* at = &verb; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  return fmt::format("`{}` has no option `{}`{}", full_name(verb), word, did_you_mean(word, known));
}

bool is_option(const std::string& word) { return word.size() > 1 && word.starts_with('-'); }

/// "--output" of "--output=json", "-o" of "-ojson".
std::string option_name(const std::string& word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

bool is_negative_number(const std::string& word) { return word[1] >= '0' && word[1] <= '9'; }

}  // namespace

std::vector<const CLI::App*> verbs_below(const CLI::App& verb) {
  return verb.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::Option* find_option(const CLI::App& verb, const std::string& name) {
  for (const CLI::App* at = &verb; at != nullptr; at = at->get_parent()) {
    if (const CLI::Option* const found = at->get_option_no_throw(name)) return found;
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string first_verb(const CLI::App& app, std::span<const std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_option(words[i])) return words[i];
    const std::string name = option_name(words[i]);
    const CLI::Option* const option = find_option(app, name);
    const bool is_followed_by_value = option != nullptr && takes_value(*option) && name == words[i];
    if (is_followed_by_value) ++i;
  }
  return {};
}

std::string explain_misuse(const CLI::App& app, std::span<const std::string> words) {
  const CLI::App* verb = &app;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if (!is_option(word)) {
      const std::vector<const CLI::App*> below = verbs_below(*verb);
      const auto found = std::ranges::find(below, word, &CLI::App::get_name);
      if (found == below.end() && !below.empty()) return unknown_verb(*verb, word);
      if (found != below.end()) verb = *found;
      continue;
    }
    const std::string name = option_name(word);
    const CLI::Option* const option = find_option(*verb, name);
    if (option == nullptr && !is_negative_number(word)) return unknown_option(*verb, name);
    if (option == nullptr || !takes_value(*option) || name != word) continue;
    // The value; after an option that may have many, what follows up to the next option is its.
    ++i;
    const bool has_many = option->get_items_expected_max() > 1;
    while (has_many && i + 1 < words.size() && !is_option(words[i + 1])) ++i;
  }
  return {};
}

}  // namespace lw::cli
