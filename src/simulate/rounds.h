// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "model/round.h"
#include "model/test.h"
#include "simulate/landscape.h"
#include "simulate/weather.h"

namespace lw::simulate {

/// A test as a simulated agent runs it: where its checks go, and what is there.
struct SimulatedTest {
  Test test;
  Place place;
  Way way;
  Temper temper = Temper::Healthy;
  Microseconds base{0};  ///< the way's round trip when all is well
};
SimulatedTest simulated(Test test, std::size_t agent, std::size_t agents, const Weather& weather);

/// The first start of a round at or after `at`: agents begin them at a phase of each test's own.
Timestamp first_round(const Test& test, Timestamp at);
/// How long after its start a round is complete: its last check has ended.
Microseconds round_length(const TestConfiguration& configuration);

/// The round that the test's checks make in that weather. The same for the same seed, test and
/// start, whenever it is asked for. Pure.
Round simulate_round(const SimulatedTest& test, const Weather& weather, Timestamp started);

/// What the links of a way do together, at a moment.
struct WayState {
  double loss = 0;
  Microseconds added{0};
  bool is_cut = false;
};
WayState state_of(const Way& way, const Weather& weather, Timestamp at);

}  // namespace lw::simulate
