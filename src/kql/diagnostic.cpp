// SPDX-License-Identifier: Apache-2.0
#include "kql/diagnostic.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace lw::kql {
namespace {

constexpr std::size_t kTokenBytesMax = 60;

void locate(std::string_view query, Diagnostic& diagnostic) {
  diagnostic.line = 1;
  diagnostic.column = 1;
  const std::size_t end = std::min(diagnostic.span.begin, query.size());
  for (const char c : query.substr(0, end)) {
    if (c == '\n') {
      ++diagnostic.line;
      diagnostic.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++diagnostic.column;
    }
  }
}

}  // namespace

std::string_view code_of(Fault fault) {
  switch (fault) {
    case Fault::Syntax:
      return "SYN0002";
    case Fault::Semantic:
      return "SEM0100";
    case Fault::Unsupported:
      return "SEM0200";
    case Fault::Limit:
      return "SEM0300";
  }
  return "SEM0100";
}

void DiagnosticSink::add(Fault fault, Span span, std::string message) {
  if (diagnostics_.size() >= kDiagnosticsMax) return;
  for (const Diagnostic& known : diagnostics_) {
    if (known.span == span && known.message == message) return;
  }
  Diagnostic diagnostic;
  diagnostic.fault = fault;
  diagnostic.message = std::move(message);
  diagnostic.span = span;
  locate(query_, diagnostic);
  if (span.begin < query_.size()) {
    const auto text = query_.substr(span.begin, std::max(span.end, span.begin) - span.begin);
    diagnostic.token = valid_utf8(cut_utf8(text, kTokenBytesMax));
  }
  diagnostics_.push_back(std::move(diagnostic));
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto near = nearest(word, candidates);
  return near ? " Did you mean '" + *near + "'?" : std::string();
}

}  // namespace lw::kql
