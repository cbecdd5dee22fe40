// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/round.h"

/// The texts of reasons: observed value, limit, cause. One function per thing to say.
namespace lw::sentences {

/// "10 of 10 checks failed: connection refused (RST from 10.0.2.10:80)".
std::string checks_failed(const Round& round);
/// The same with "; limit 10 %".
std::string checks_failed_above(const Round& round, double limit_percent);
/// The same for a threshold that is nearly reached.
std::string checks_failed_near(const Round& round, double threshold_percent);
/// "average round-trip time 812 ms is above the limit of 750 ms".
std::string round_trip_above(double observed_ms, double limit_ms);
/// "10 of 10 checks passed, average round-trip time 1.2 ms".
std::string passed(const Round& round);
/// "name resolution failed: no name server answered (no answer from 10.0.0.53:53 in 2 s)".
std::string name_failed(const NameFacts& name);
/// "the last known address 192.0.2.1 still answers".
std::string still_answers(const Round& round);
/// "at the last known address 192.0.2.1, 2 of 10 checks failed: timed out; limit 10 %".
std::string of_last_known(const Round& round, const std::string& reason);
/// Why a round without counted checks says nothing.
std::string nothing_counted(const Round& round);

}  // namespace lw::sentences
