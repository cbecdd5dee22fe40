// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace linewatch::wire {
class EnrollRequest;
class RenewRequest;
}  // namespace linewatch::wire

namespace lw::server {

// What anybody on the network may send is measured here before anything is done with it or said of
// it: InvalidInput says what is too much.

/// Name, labels, addresses, signing request and token are of a sane size, the name is printable.
Result<void> check_enroll_request(const ::linewatch::wire::EnrollRequest& request);
Result<void> check_renew_request(const ::linewatch::wire::RenewRequest& request);

}  // namespace lw::server
