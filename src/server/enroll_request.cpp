// SPDX-License-Identifier: Apache-2.0
#include "server/enroll_request.h"

#include <fmt/core.h>

#include "base/text.h"
#include "wire/fleet.pb.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

constexpr std::size_t kNameBytesMax = 200;
constexpr int kLabelsMax = 64;
constexpr std::size_t kLabelBytesMax = 256;
constexpr int kAddressesMax = 64;
/// An IPv6 address with a zone has 61 at most.
constexpr std::size_t kAddressBytesMax = 64;
constexpr std::size_t kResourceIdBytesMax = 2048;
constexpr std::size_t kVersionBytesMax = 64;
constexpr std::size_t kTokenBytesMax = 256;
constexpr std::size_t kSigningRequestBytesMax = std::size_t{16} << 10;

Result<void> check_text(std::string_view what, const std::string& text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} has {} bytes; at most {} are allowed",
                                                     what, text.size(), bytes_max));
  }
  if (!is_printable(text)) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} has control characters in it", what));
  }
  return {};
}

Result<void> check_count(std::string_view what, int count, int count_max) {
  if (count <= count_max) return {};
  return fail(ErrorCode::InvalidInput,
              fmt::format("an agent may have {} {} at most, not {}", count_max, what, count));
}

Result<void> check_signing_request(const std::string& pem) {
  if (pem.size() <= kSigningRequestBytesMax) return {};
  return fail(ErrorCode::InvalidInput,
              fmt::format("the signing request has more than {} bytes", kSigningRequestBytesMax));
}

Result<void> check_facts(const pb::AgentFacts& facts) {
  if (facts.name().empty()) {
    return fail(ErrorCode::InvalidInput, "an agent must have a name; pass --name");
  }
  TRY(check_text("the agent's name", facts.name(), kNameBytesMax));
  TRY(check_text("the agent's resource id", facts.resource_id(), kResourceIdBytesMax));
  TRY(check_count("labels", facts.labels_size(), kLabelsMax));
  for (const pb::Label& label : facts.labels()) {
    TRY(check_text("a label's key", label.key(), kLabelBytesMax));
    TRY(check_text("a label's value", label.value(), kLabelBytesMax));
  }
  TRY(check_count("addresses", facts.addresses_size(), kAddressesMax));
  for (const std::string& address : facts.addresses()) {
    TRY(check_text("an address", address, kAddressBytesMax));
  }
  return {};
}

}  // namespace

Result<void> check_enroll_request(const pb::EnrollRequest& request) {
  TRY(check_text("the version", request.version(), kVersionBytesMax));
  TRY(check_text("the join token", request.token(), kTokenBytesMax));
  TRY(check_signing_request(request.signing_request_pem()));
  return check_facts(request.facts());
}

Result<void> check_renew_request(const pb::RenewRequest& request) {
  return check_signing_request(request.signing_request_pem());
}

}  // namespace lw::server
