// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The table `h1`: what the rounds of one test, hour and reason come to as samples of the metrics
/// (metric_reader.h), so that answers over months need not read rounds. A round is one sample
/// however many checks it has, which is why minutes (`m1`, sums of checks) cannot answer that.
/// It is fed by a view beside those of `rounds` and `m1`, is as exact as `rounds` at any moment,
/// and is made anew from `rounds` where a crash made them differ (reconcile.h).
namespace lw::store {

/// Creates the table, fills it with the hours of the rounds that are there already, and attaches
/// its view to `arrivals`. May be repeated as long as nobody writes rounds.
std::vector<std::string> create_hours();

/// The SELECT that makes rows of `h1` out of those in `table`, which has the columns of `rounds`.
std::string hours_of(std::string_view table);

}  // namespace lw::store
