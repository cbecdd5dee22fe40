// SPDX-License-Identifier: Apache-2.0
// Whatever the text: tokens lie one behind the other in it, and the parser ends with a tree or with
// faults that have a place.
#include "base/assert.h"
#include "kql/parser.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  kql::DiagnosticSink token_sink(text);
  std::size_t end = 0;
  for (const kql::Token& token : kql::read_tokens(text, token_sink)) {
    LW_ASSERT(token.span.begin >= end && token.span.end >= token.span.begin);
    LW_ASSERT(token.span.end <= text.size());
    end = token.span.end;
  }
  kql::DiagnosticSink sink(text);
  const kql::Query query = kql::parse_query(text, sink);
  for (const kql::Diagnostic& fault : sink.all()) {
    LW_ASSERT(!fault.message.empty() && fault.line > 0 && fault.column > 0);
    LW_ASSERT(fault.span.begin <= text.size());
  }
  return 0;
}
