// SPDX-License-Identifier: Apache-2.0
#include "server/enroll_request.h"

#include <gtest/gtest.h>

#include <functional>

#include "wire/fleet.pb.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

/// The largest request that is taken.
pb::EnrollRequest largest() {
  pb::EnrollRequest request;
  request.set_version(std::string(64, 'v'));
  request.set_token(std::string(256, 't'));
  request.set_signing_request_pem(std::string(16 << 10, 'p'));
  request.mutable_facts()->set_name(std::string(200, 'n'));
  request.mutable_facts()->set_resource_id(std::string(2048, 'r'));
  for (int i = 0; i < 64; ++i) {
    pb::Label* const label = request.mutable_facts()->add_labels();
    label->set_key(std::string(256, 'k'));
    label->set_value(std::string(256, 'v'));
    request.mutable_facts()->add_addresses(std::string(64, 'a'));
  }
  return request;
}

TEST(EnrollRequest, of_the_largest_size_is_taken) {
  const auto checked = check_enroll_request(largest());
  EXPECT_TRUE(checked.has_value()) << checked.error().message;
}

TEST(EnrollRequest, with_any_part_larger_is_refused) {
  const std::vector<std::function<void(pb::EnrollRequest&)>> changes = {
      [](pb::EnrollRequest& request) { request.mutable_version()->push_back('x'); },
      [](pb::EnrollRequest& request) { request.mutable_token()->push_back('x'); },
      [](pb::EnrollRequest& request) { request.mutable_signing_request_pem()->push_back('x'); },
      [](pb::EnrollRequest& request) { request.mutable_facts()->mutable_name()->push_back('x'); },
      [](pb::EnrollRequest& request) {
        request.mutable_facts()->mutable_resource_id()->push_back('x');
      },
      [](pb::EnrollRequest& request) { request.mutable_facts()->add_labels()->set_key("x"); },
      [](pb::EnrollRequest& request) {
        request.mutable_facts()->mutable_labels(63)->mutable_key()->push_back('x');
      },
      [](pb::EnrollRequest& request) {
        request.mutable_facts()->mutable_labels(0)->mutable_value()->push_back('x');
      },
      [](pb::EnrollRequest& request) { request.mutable_facts()->add_addresses("::1"); },
      [](pb::EnrollRequest& request) {
        request.mutable_facts()->mutable_addresses(5)->push_back('x');
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    pb::EnrollRequest request = largest();
    changes[i](request);
    const auto refused = check_enroll_request(request);
    ASSERT_FALSE(refused.has_value()) << "change " << i;
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  }
}

TEST(EnrollRequest, without_a_name_or_with_control_characters_is_refused) {
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string("a\x1b[2J")}) {
    pb::EnrollRequest request = largest();
    request.mutable_facts()->set_name(name);
    EXPECT_FALSE(check_enroll_request(request).has_value());
  }
}

TEST(RenewRequest, has_a_signing_request_of_sane_size) {
  pb::RenewRequest request;
  request.set_signing_request_pem(std::string(16 << 10, 'p'));
  EXPECT_TRUE(check_renew_request(request).has_value());
  request.mutable_signing_request_pem()->push_back('p');
  EXPECT_FALSE(check_renew_request(request).has_value());
}

}  // namespace
}  // namespace lw::server
