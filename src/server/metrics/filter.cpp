// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/filter.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace lw::server::metrics {
namespace {

/// The words of a filter: names, operators, quoted values, parentheses.
class FilterReader {
 public:
  explicit FilterReader(std::string_view text) : rest_(text) {}

  struct Word {
    enum class Kind { End, Name, Value, Open, Close } kind = Kind::End;
    std::string text;
  };

  Result<Word> next() {
    rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    if (rest_.empty()) return Word{};
    if (rest_.front() == '\'') return quoted();
    if (rest_.front() == '(' || rest_.front() == ')') {
      const bool is_open = rest_.front() == '(';
      rest_.remove_prefix(1);
      return Word{is_open ? Word::Kind::Open : Word::Kind::Close, {}};
    }
    const auto end = std::min(rest_.find_first_of(" \t\r\n()'"), rest_.size());
    Word word{Word::Kind::Name, std::string(rest_.substr(0, end))};
    rest_.remove_prefix(end);
    return word;
  }

 private:
  /// A quote inside is written twice.
  Result<Word> quoted() {
    Word word{Word::Kind::Value, {}};
    std::size_t i = 1;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] != '\'') {
        word.text += rest_[i];
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '\'') {
        word.text += '\'';
        ++i;
      } else {
        rest_.remove_prefix(i + 1);
        return word;
      }
    }
    return wrong("$filter: a quoted value does not end.");
  }

  std::string_view rest_;
};

using Word = FilterReader::Word;

/// Joins conditions as they come. Parentheses group what `or` and `and` bind anyway, so they must
/// only be balanced.
class FilterBuilder {
 public:
  Result<Filter> read(std::string_view text) {
    FilterReader reader(text);
    int depth = 0;
    bool is_or = false;
    while (true) {
      Word word = TRY(reader.next());
      while (word.kind == Word::Kind::Open) {
        ++depth;
        word = TRY(reader.next());
      }
      TRY(read_condition(reader, word, is_or));
      word = TRY(reader.next());
      while (word.kind == Word::Kind::Close) {
        if (--depth < 0) return wrong("$filter: there is a `)` too many.");
        word = TRY(reader.next());
      }
      if (word.kind == Word::Kind::End) break;
      const bool is_and = equals_ignoring_case(word.text, "and");
      is_or = equals_ignoring_case(word.text, "or");
      if (word.kind != Word::Kind::Name || (!is_and && !is_or)) return bad_form();
    }
    if (depth != 0) return wrong("$filter: a `)` is missing.");
    return std::move(filter_);
  }

 private:
  static std::unexpected<Error> bad_form() {
    return wrong(
        "$filter: only conditions of the form '<name> eq <value>' are allowed, joined by "
        "'and' and, between values of one name, by 'or'; values stand in single quotes.");
  }

  Result<void> read_condition(FilterReader& reader, const Word& name, bool is_or) {
    const Word comparison = TRY(reader.next());
    const Word value = TRY(reader.next());
    const bool is_whole = name.kind == Word::Kind::Name && comparison.kind == Word::Kind::Name &&
                          equals_ignoring_case(comparison.text, "eq") &&
                          value.kind == Word::Kind::Value;
    if (!is_whole) return bad_form();
    const auto dimension = parse_dimension(name.text);
    if (!dimension) {
      std::vector<std::string_view> known;
      for (std::size_t i = 0; i <= kTestDimensions; ++i)
        known.push_back(to_text(static_cast<Dimension>(i)));
      return wrong(fmt::format("$filter: there is no dimension '{}'. Valid dimensions: {}.",
                               name.text.substr(0, 100), fmt::join(known, ",")));
    }
    return add(*dimension, value.text, is_or);
  }

  Result<void> add(Dimension dimension, const std::string& value, bool is_or) {
    auto& conditions = filter_.conditions;
    if (is_or && conditions.back().dimension != dimension) {
      return wrong(
          "$filter: 'or' joins values of one dimension only; use 'and' between dimensions.");
    }
    auto place = std::ranges::find(conditions, dimension, &Filter::Condition::dimension);
    const bool is_new = place == conditions.end();
    if (is_new) {
      conditions.push_back({dimension, {}});
      place = std::prev(conditions.end());
    }
    // '*' wants all, whatever else is named.
    const bool wants_all = value == "*" || (!is_new && place->values.empty());
    if (wants_all)
      place->values.clear();
    else
      place->values.push_back(value);
    return {};
  }

  Filter filter_;
};

}  // namespace

std::unexpected<Error> wrong(std::string text) {
  return fail(ErrorCode::InvalidInput, std::move(text));
}

Result<Filter> parse_filter(std::string_view text) {
  if (trim(text).empty()) return Filter{};
  return FilterBuilder().read(text);
}

}  // namespace lw::server::metrics
