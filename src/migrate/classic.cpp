// SPDX-License-Identifier: Apache-2.0
// Classic connection monitors. Reading them is the model's own business (model/read_classic.cpp);
// here they are found in what came from Azure, and freed from what the newer form does not have.
#include <fmt/core.h>

#include <array>

#include "base/text.h"
#include "migrate/migration.h"
#include "migrate/names.h"
#include "migrate/settings.h"
#include "model/codec.h"

namespace lw::migrate {
namespace {

/// What stands beside the properties in the flat form that `az … -o json` prints.
constexpr std::array<std::string_view, 7> kFrame{"id",       "name", "type",         "etag",
                                                 "location", "tags", "resourceGroup"};

/// The monitors of a file, each with the path to it.
std::vector<std::pair<const Value*, std::string>> find_items(const Value& document) {
  const Value* list = &document;
  std::string path;
  if (const Value* const value = document.find("value"); value != nullptr && value->is_array()) {
    list = value;
    path = "value";
  }
  if (!list->is_array()) return {{list, ""}};
  std::vector<std::pair<const Value*, std::string>> items;
  items.reserve(list->as_array().size());
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    items.emplace_back(&list->as_array()[i], fmt::format("{}[{}]", path, i));
  }
  return items;
}

Value properties_of(const Value& item) {
  if (const Value* const properties = item.find("properties")) return *properties;
  Value properties = item;
  for (const std::string_view key : kFrame) properties.erase(key);
  return properties;
}

bool is_monitor(const Value& item) {
  if (!item.is_object()) return false;
  const Value properties = properties_of(item);
  return properties.find("source") != nullptr || properties.find("destination") != nullptr ||
         properties.find("testGroups") != nullptr;
}

class ClassicReader {
 public:
  ClassicReader(const Options& options, Report& report) : options_(options), report_(report) {}

  void read(const Value& item, const std::string& path, bool is_only) {
    const std::string wanted =
        is_only && !options_.name.empty() ? options_.name : item.text("name", options_.name);
    if (wanted.empty()) {
      report_.loss(item.location(), path, "it has no name; give one with --name");
      return;
    }
    const Value properties = properties_of(item);
    MonitorRead read = read_connection_monitor(properties, wanted, options_.file,
                                               path.empty() ? "properties" : path + ".properties");
    if (!read.faults.empty()) {
      for (Diagnostic& fault : read.faults) add_fault(fault, wanted);
      return;
    }
    finish(std::move(read.monitor), item, properties, wanted);
  }

  std::vector<ConnectionMonitor> take() { return std::move(monitors_); }

 private:
  void add_fault(Diagnostic& fault, const std::string& name) {
    report_.loss(fault.at, "connection monitor " + name + ": " + fault.path, fault.message);
  }

  void finish(ConnectionMonitor monitor, const Value& item, const Value& properties,
              const std::string& wanted) {
    const std::string path = "connection monitor " + wanted;
    monitor.name = names_.of(wanted, std::to_string(monitors_.size()));
    if (monitor.name != wanted) {
      report_.note(
          item.location(), path,
          fmt::format("it is called {} here, since each name is there once", quoted(monitor.name)));
    }
    monitor.location = item.text("location");
    if (const Value* const tags = item.find("tags"); tags != nullptr && tags->is_object()) {
      for (const Value::Member& tag : tags->as_object()) {
        monitor.tags.emplace_back(tag.key, text_of(tag.value));
      }
    }
    if (monitor.form == MonitorForm::SingleSourceDestination) {
      convert(monitor, properties, item.location(), path);
    } else {
      report_.note(item.location(), path, "it is in the newer form already and stays as it is");
    }
    monitors_.push_back(std::move(monitor));
  }

  void convert(ConnectionMonitor& monitor, const Value& properties, Location at,
               const std::string& path) {
    const bool is_stopped =
        !monitor.auto_start || equals_ignoring_case(properties.text("monitoringStatus"), "Stopped");
    if (is_stopped) {
      for (TestGroup& group : monitor.test_groups) group.disable = true;
      report_.note(at, path, "it was not running, so its test group is disabled");
    }
    const Value* const source = properties.find("source");
    if (source != nullptr && source->number("port") != 0) {
      report_.loss(at, path, "source.port: the source's port is the system's choice");
    }
    monitor.form = MonitorForm::MultiEndpoint;
    monitor.auto_start = true;
  }

  const Options& options_;
  Report& report_;
  Names names_;
  std::vector<ConnectionMonitor> monitors_;
};

}  // namespace

Result<Migration> migrate_classic(std::string_view text, const Options& options) {
  const Value document = TRY(parse_document(text, options.file));
  const auto items = find_items(document);
  Report report(options.file);
  ClassicReader reader(options, report);
  bool is_any = items.empty();
  for (const auto& [item, path] : items) {
    if (!is_monitor(*item)) {
      report.loss(item->location(), path, "it is no connection monitor: it has no source");
      continue;
    }
    is_any = true;
    reader.read(*item, path, items.size() == 1);
  }
  if (!is_any) {
    return fail(ErrorCode::InvalidInput,
                options.file +
                    ": there is no connection monitor in it; it needs `properties` with "
                    "`source` and `destination`, or a list of such under `value`");
  }
  return Migration{reader.take(), report.take()};
}

}  // namespace lw::migrate
