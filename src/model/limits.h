// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

/// The product's limits: Azure's (seed, "Scale limits") and the bounds of our additions.
namespace lw::limits {

inline constexpr std::size_t kConnectionMonitorsPerSubscriptionAndRegion = 100;
inline constexpr std::size_t kTestGroupsPerConnectionMonitor = 20;
inline constexpr std::size_t kEndpointsPerConnectionMonitor = 100;
inline constexpr std::size_t kTestConfigurationsPerConnectionMonitor = 20;

/// Ours: what one server judges and keeps in memory (some 2 kB a test).
inline constexpr std::size_t kTestsPerServer = 200'000;

inline constexpr Seconds kFrequencyMin{1};  ///< Azure's own minimum is 30 s.
inline constexpr Seconds kFrequencyMax{1800};
inline constexpr Seconds kFrequencyDefault{60};

inline constexpr int kChecksPerRoundMax = 100;
inline constexpr int kChecksPerRoundDefaultNetwork = 10;  ///< ICMP and TCP
inline constexpr int kChecksPerRoundDefaultHttp = 3;
/// The cookie that proves a reply takes 24 bytes; the most is what an IP packet carries.
inline constexpr int kPayloadBytesMin = 24;
inline constexpr int kPayloadBytesMax = 65'507;
inline constexpr int kRedirectsMax = 20;
inline constexpr Seconds kTraceIntervalMax{3'600};
inline constexpr int kTraceHopsMax = 64;
inline constexpr std::int64_t kBodyBytesMax = std::int64_t{64} << 20;
inline constexpr Milliseconds kCheckTimeoutMin{10};
inline constexpr Milliseconds kCheckTimeoutMax{60'000};
/// A check must be over before the next round starts, so the default is the smaller of this and
/// what the interval leaves (model/test_configuration.h, check_timeout).
inline constexpr Milliseconds kCheckTimeoutDefaultNetwork{2'000};
inline constexpr Milliseconds kCheckTimeoutDefaultHttp{10'000};

}  // namespace lw::limits
