// SPDX-License-Identifier: Apache-2.0
#include "migrate/smokeping_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/document.h"
#include "base/text.h"

namespace lw::migrate {
namespace {

/// Deeper than anybody's menu; a section knows its parents by walking up.
constexpr std::size_t kDepthMax = 32;
/// Of one line after continuation and replacement.
constexpr std::size_t kLineBytesMax = 64UL * 1024;
constexpr std::size_t kDefinesMax = 100;
constexpr std::size_t kSettingsMax = 1'000;  ///< of one section
constexpr std::size_t kNameBytesMax = 200;

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Goes over the lines as they count: without comments, continued ones as one.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// The next line that says something, or nothing at the end.
  std::optional<std::string> next() {
    while (!is_done_) {
      std::string_view raw = trimmed(next_raw());
      raw = trimmed(raw.substr(0, raw.find('#')));
      if (raw.empty()) continue;
      line_ = number_;
      std::string text(raw);
      while (text.ends_with('\\') && !is_done_ && text.size() < kLineBytesMax) {
        text.pop_back();
        text += ' ';
        text += trimmed(next_raw());
      }
      return text;
    }
    return std::nullopt;
  }

  /// Where the line that was given last begins.
  [[nodiscard]] int line() const { return line_; }

 private:
  std::string_view next_raw() {
    const auto end = rest_.find('\n');
    const std::string_view raw = rest_.substr(0, end);
    is_done_ = end == std::string_view::npos;
    rest_.remove_prefix(is_done_ ? rest_.size() : end + 1);
    ++number_;
    return raw;
  }

  std::string_view rest_;
  bool is_done_ = false;
  int number_ = 0;
  int line_ = 0;
};

void replace_all(std::string& text, const std::string& word, const std::string& by) {
  std::size_t at = 0;
  while ((at = text.find(word, at)) != std::string::npos && text.size() < kLineBytesMax) {
    text.replace(at, word.size(), by);
    at += by.size();
  }
}

class Parser {
 public:
  Parser(std::string_view text, Report& report) : lines_(text), report_(report) {}

  Result<std::vector<SmokePingSection>> parse() {
    while (auto line = lines_.next()) {
      if (line->size() >= kLineBytesMax) return refuse("the line is too long");
      if (line->starts_with('@')) {
        TRY(read_directive(*line));
        continue;
      }
      for (const auto& [word, by] : defines_) replace_all(*line, word, by);
      if (line->size() >= kLineBytesMax) return refuse("the line is too long");
      TRY(read_line(*line));
    }
    return std::move(sections_);
  }

 private:
  std::unexpected<Error> refuse(const std::string& message) const {
    return fail(ErrorCode::InvalidInput, fmt::format("line {}: {}", lines_.line(), message));
  }

  Result<void> read_directive(const std::string& line) {
    const std::vector<std::string> words = split(line, ' ');
    if (line.starts_with("@include")) {
      report_.loss({lines_.line(), 1}, "",
                   fmt::format("{} is not read; migrate that file by itself", quoted(line)));
      return {};
    }
    if (!line.starts_with("@define") || words.size() < 2) {
      return refuse(fmt::format("{} is neither @define nor @include", quoted(line)));
    }
    const std::string_view rest = trimmed(std::string_view(line).substr(7));
    const auto end = rest.find_first_of(kBlanks);
    const std::string word(rest.substr(0, end));
    if (word.empty() || defines_.size() >= kDefinesMax) return refuse("too many or empty @define");
    defines_.emplace_back(word, end == std::string_view::npos ? "" : trimmed(rest.substr(end)));
    return {};
  }

  Result<void> read_line(const std::string& line) {
    if (line.starts_with("***") && line.size() > 6 && line.ends_with("***")) {
      open_top(std::string(trimmed(std::string_view(line).substr(3, line.size() - 6))));
      return {};
    }
    if (line.starts_with('+')) return open_section(line);
    const auto equals = line.find('=');
    const std::string_view key =
        equals == std::string::npos ? "" : trimmed(std::string_view(line).substr(0, equals));
    const bool is_setting = !key.empty() && key.find_first_of(kBlanks) == std::string_view::npos;
    if (stack_.empty()) open_top("Targets");
    if (is_setting) {
      if (sections_[stack_.back()].settings.size() >= kSettingsMax) {
        return refuse("the section has too many settings");
      }
      sections_[stack_.back()].settings.push_back(
          {std::string(key), std::string(trimmed(std::string_view(line).substr(equals + 1))),
           lines_.line()});
      return {};
    }
    // Rows of tables stand in Database and Presentation only.
    if (sections_[stack_.front()].name != "Targets") return {};
    return refuse(fmt::format("{} is neither a section nor `name = value`", quoted(line)));
  }

  void open_top(std::string name) {
    stack_ = {sections_.size()};
    sections_.push_back(
        {.name = std::move(name), .line = lines_.line(), .parent = {}, .settings = {}});
  }

  Result<void> open_section(const std::string& line) {
    if (stack_.empty()) open_top("Targets");
    const std::size_t level = std::min(line.find_first_not_of('+'), line.size());
    const std::string name(trimmed(std::string_view(line).substr(level)));
    if (name.empty() || name.size() > kNameBytesMax) {
      return refuse("the section has no name, or one that is too long");
    }
    if (level > kDepthMax) return refuse("sections are nested too deep");
    // stack_ holds the `***` section too, so its size is the level that may follow.
    if (level > stack_.size()) {
      return refuse(fmt::format("section {} skips a level", quoted(name)));
    }
    stack_.resize(level);
    sections_.push_back(
        {.name = name, .line = lines_.line(), .parent = stack_.back(), .settings = {}});
    stack_.push_back(sections_.size() - 1);
    return {};
  }

  Lines lines_;
  Report& report_;
  std::vector<SmokePingSection> sections_;
  std::vector<std::size_t> stack_;  ///< the open sections, outermost first
  std::vector<std::pair<std::string, std::string>> defines_;
};

}  // namespace

const SmokePingSetting* SmokePingSection::find(std::string_view key) const {
  const auto found = std::ranges::find(settings, key, &SmokePingSetting::key);
  return found == settings.end() ? nullptr : &*found;
}

Result<std::vector<SmokePingSection>> parse_smokeping(std::string_view text, Report& report) {
  if (text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::InvalidInput, "the file is larger than 8 MB");
  }
  return Parser(text, report).parse();
}

std::size_t top_of(const std::vector<SmokePingSection>& sections, std::size_t index) {
  while (sections[index].parent) index = *sections[index].parent;
  return index;
}

}  // namespace lw::migrate
