// SPDX-License-Identifier: Apache-2.0
// The server sends these bytes to an agent, and the agent reads them back from its disk.
#include "base/assert.h"
#include "model/limits.h"
#include "tests/fuzz/input.h"
#include "wire/assignment.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

namespace lw::wire {
namespace {

bool is_equal(const Test& a, const Test& b) {
  return a.id == b.id && a.connection_monitor == b.connection_monitor &&
         a.test_group == b.test_group && a.source == b.source && a.destination == b.destination &&
         a.destination_address == b.destination_address && *a.configuration == *b.configuration;
}

/// What the scheduler counts on.
void check_limits(const TestConfiguration& configuration) {
  LW_ASSERT(configuration.frequency >= limits::kFrequencyMin);
  LW_ASSERT(configuration.frequency <= limits::kFrequencyMax);
  const int checks = configuration.effective_checks_per_round();
  LW_ASSERT(checks >= 1 && checks <= limits::kChecksPerRoundMax);
  LW_ASSERT(configuration.effective_check_timeout() > Milliseconds(0));
  LW_ASSERT(configuration.effective_check_timeout() <= limits::kCheckTimeoutMax);
  LW_ASSERT(configuration.check_spacing() > Microseconds(0));
}

void check_assignment(std::string_view bytes) {
  ::linewatch::wire::Assignment part;
  if (!part.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto tests = decode_assignment(part);
  const auto ports = decode_listen_ports(part);
  if (!tests || !ports) return;
  for (const Test& test : *tests) check_limits(*test.configuration);
  std::vector<Test> again;
  const auto encoded = encode_assignment(part.version(), *tests, *ports);
  LW_ASSERT(!encoded.empty() && encoded.back().last_part());
  for (const auto& message : encoded) {
    const auto decoded = decode_assignment(message);
    LW_ASSERT(decoded);
    again.insert(again.end(), decoded->begin(), decoded->end());
  }
  const auto ports_again = decode_listen_ports(encoded.back());
  LW_ASSERT(ports_again && *ports_again == *ports);
  LW_ASSERT(again.size() == tests->size());
  for (std::size_t i = 0; i < again.size(); ++i) LW_ASSERT(is_equal(again[i], (*tests)[i]));
}

/// What comes of a set and a difference to it, which stand in the bytes one after the other, is a
/// set of its own: it can be read, and is what a difference without changes to it leaves.
void check_difference(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t length = static_cast<unsigned char>(bytes[0]);
  if (length >= bytes.size()) return;
  const std::string base(bytes.substr(1, length));
  ::linewatch::wire::AssignmentDifference difference;
  const std::string_view rest = bytes.substr(1 + length);
  if (!difference.ParseFromArray(rest.data(), static_cast<int>(rest.size()))) return;
  AssignmentReader reader;
  const auto set = reader.take(difference, difference.base(),
                               [&] { return Result<std::vector<std::string>>({base}); });
  if (!set || !*set) return;
  LW_ASSERT((*set)->version == difference.put().version());
  ::linewatch::wire::AssignmentDifference nothing;
  nothing.set_base((*set)->version);
  nothing.mutable_put()->set_version((*set)->version);
  nothing.mutable_put()->set_last_part(true);
  for (const std::uint16_t port : (*set)->listen_ports)
    nothing.mutable_put()->add_listen_ports(port);
  const auto same = reader.take(nothing, (*set)->version,
                                [&] { return Result<std::vector<std::string>>((*set)->parts); });
  LW_ASSERT(same && *same && (*same)->tests.size() == (*set)->tests.size());
  for (std::size_t i = 0; i < (*set)->tests.size(); ++i) {
    LW_ASSERT(is_equal((*same)->tests[i], (*set)->tests[i]));
  }
}

void check_facts(std::string_view bytes) {
  ::linewatch::wire::AgentFacts facts;
  if (!facts.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const Agent agent = decode_facts(facts);
  const Agent again = decode_facts(encode_facts(agent));
  LW_ASSERT(again.name == agent.name && again.labels == agent.labels);
  LW_ASSERT(again.resource_id == agent.resource_id && again.addresses == agent.addresses);
}

void check_self_test(std::string_view bytes) {
  ::linewatch::wire::SelfTest message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const SelfTest test = decode_self_test(message);
  LW_ASSERT(decode_self_test(encode_self_test(test)) == test);
}

}  // namespace
}  // namespace lw::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = lw::fuzz::Input(data, size).text();
  lw::wire::check_assignment(bytes);
  lw::wire::check_difference(bytes);
  lw::wire::check_facts(bytes);
  lw::wire::check_self_test(bytes);
  return 0;
}
