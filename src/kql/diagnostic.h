// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lw::kql {

/// A piece of the query's text: bytes from `begin` up to, without, `end`.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

/// From where one begins to where the other ends.
inline Span join(Span first, Span last) { return {first.begin, last.end}; }

/// What kind of fault; decides the code and the class that the query API answers with.
enum class Fault {
  Syntax,       ///< SYN0002: the text is no KQL.
  Semantic,     ///< SEM0100: a name, type or number of arguments is wrong.
  Unsupported,  ///< SEM0200: KQL that is not translated; the message names it.
  Limit,        ///< SEM0300: too long, too deep or too large.
};

/// One fault of a query, with its place. Line and column are 1-based; the column counts characters.
struct Diagnostic {
  Fault fault = Fault::Syntax;
  std::string message;  ///< A sentence; ends with "did you mean …?" where a near name is known.
  Span span;
  int line = 0;
  int column = 0;
  std::string token;  ///< The text at the place, cut if it is long.
};
using Diagnostics = std::vector<Diagnostic>;

/// "SYN0002", "SEM0100" …
std::string_view code_of(Fault fault);

/// Collects the faults of one query, in the order found, without repeating one at the same place.
class DiagnosticSink {
 public:
  /// More than so many faults are not kept: they seldom help.
  static constexpr std::size_t kDiagnosticsMax = 20;

  explicit DiagnosticSink(std::string_view query) : query_(query) {}

  void add(Fault fault, Span span, std::string message);
  [[nodiscard]] bool empty() const { return diagnostics_.empty(); }
  [[nodiscard]] const Diagnostics& all() const { return diagnostics_; }
  Diagnostics take() { return std::move(diagnostics_); }

 private:
  std::string_view query_;
  Diagnostics diagnostics_;
};

/// " Did you mean 'x'?", or nothing if no candidate is near enough.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace lw::kql
