// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/assert.h"
#include "migrate/export.h"
#include "migrate/migration.h"
#include "model/codec.h"

namespace lw::migrate {

/// What fuzzers hold every migration to: what comes out is valid, is read back as it was, and can
/// be exported; each remark says something.
inline void check_migration(const Result<Migration>& migration) {
  if (!migration) {
    LW_ASSERT(!migration.error().message.empty());
    return;
  }
  for (const Remark& remark : migration->report) LW_ASSERT(!remark.what.message.empty());
  Value file = Value::object();
  Value& list = file.set("connectionMonitors", Value::array());
  for (const ConnectionMonitor& monitor : migration->monitors) list.push(to_document(monitor));
  const MonitorsRead read = read_monitor_file(file, "migrated");
  LW_ASSERT(read.faults.empty());
  LW_ASSERT(read.monitors == migration->monitors);
  for (const ConnectionMonitor& monitor : migration->monitors) {
    LW_ASSERT(parse_json(export_arm(monitor, {.monitor = monitor.name}).text));
    LW_ASSERT(!export_terraform(monitor, {.monitor = monitor.name}, "s").text.empty());
  }
}

}  // namespace lw::migrate
