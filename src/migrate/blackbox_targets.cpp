// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "migrate/blackbox_parts.h"
#include "migrate/migration.h"
#include "model/limits.h"

namespace lw::migrate {
namespace {

/// What Prometheus scrapes by unless told otherwise.
constexpr Seconds kScrapeInterval{60};

class TargetReader {
 public:
  TargetReader(std::string_view file, Report& report) : file_(file), report_(report) {}

  void read_prometheus(const Value& document) {
    const Value* const global = document.find("global");
    const Seconds usual = interval_of(global, kScrapeInterval);
    for (const Value& job : items_of(document.find("scrape_configs"))) read_job(job, usual);
  }

  /// A list of {targets, labels}, as file_sd files and static_configs have it.
  void read_lists(const std::vector<Value>& lists, const std::string& module, Seconds frequency) {
    for (const Value& list : lists) {
      const Value* const labels = list.find("labels");
      std::string own = module;
      for (const char* const key : {"module", "__param_module"}) {
        const Value* const label = labels == nullptr ? nullptr : labels->find(key);
        if (label != nullptr && !text_of(*label).empty()) own = text_of(*label);
      }
      for (const Value& target : items_of(list.find("targets"))) {
        add({.target = text_of(target),
             .module = own,
             .frequency = frequency,
             .at = target.location()});
      }
    }
  }

  void read_lines(std::string_view text) {
    int number = 0;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view line = trim(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++number;
      if (line.empty() || line.starts_with('#')) continue;
      read_line(line, {number, 1});
    }
  }

  std::vector<BlackboxTarget> take() { return std::move(targets_); }

 private:
  void read_line(std::string_view line, Location at) {
    const auto blank = line.find_first_of(" \t");
    const std::string_view first = line.substr(0, blank);
    const std::string_view second =
        blank == std::string_view::npos ? std::string_view() : trim(line.substr(blank));
    if (second.find_first_of(" \t") != std::string_view::npos) {
      report_.loss_in(file_, at, "", fmt::format("{} is not `MODULE TARGET`", quoted(line)));
      return;
    }
    const bool has_module = !second.empty();
    add({.target = std::string(has_module ? second : first),
         .module = has_module ? std::string(first) : std::string(),
         .frequency = kScrapeInterval,
         .at = at});
  }

  void read_job(const Value& job, Seconds usual) {
    const std::string path = "job " + job.text("job_name");
    const Value* const params = job.find("params");
    const std::vector<Value> modules =
        items_of(params == nullptr ? nullptr : params->find("module"));
    const bool is_probe = !modules.empty() || job.text("metrics_path") == "/probe";
    if (!is_probe) {
      report_.note_in(file_, job.location(), path, "it does not scrape a blackbox_exporter");
      return;
    }
    if (!job.is_object()) return;
    for (const Value::Member& member : job.as_object()) {
      if (!member.key.ends_with("_sd_configs")) continue;
      report_.loss_in(file_, member.value.location(), path,
                      fmt::format("{}: only targets that are listed are carried over; give its "
                                  "list as --targets",
                                  printable(member.key, 40)));
    }
    read_lists(items_of(job.find("static_configs")),
               modules.empty() ? std::string() : text_of(modules.front()),
               interval_of(&job, usual, path));
  }

  /// scrape_interval within what a test may have.
  Seconds interval_of(const Value* object, Seconds usual, const std::string& path = "global") {
    const Value* const value = object == nullptr ? nullptr : object->find("scrape_interval");
    if (value == nullptr || value->is_null()) return usual;
    const auto wanted = parse_duration(text_of(*value));
    const auto whole = wanted ? std::chrono::ceil<Seconds>(*wanted) : usual;
    const Seconds interval = std::clamp(whole, limits::kFrequencyMin, limits::kFrequencyMax);
    if (!wanted || interval != *wanted) {
      report_.loss_in(file_, value->location(), path,
                      fmt::format("scrape_interval {} becomes {} s; whole seconds from {} to {} "
                                  "are possible",
                                  quoted(text_of(*value)), interval.count(),
                                  limits::kFrequencyMin.count(), limits::kFrequencyMax.count()));
    }
    return interval;
  }

  void add(BlackboxTarget target) {
    if (is_full_) return;
    if (targets_.size() == kTargetsMax) {
      report_.loss_in(file_, target.at, "",
                      fmt::format("what follows after {} targets is left out", kTargetsMax));
      is_full_ = true;
      return;
    }
    targets_.push_back(std::move(target));
  }

  std::string file_;
  Report& report_;
  std::vector<BlackboxTarget> targets_;
  bool is_full_ = false;
};

}  // namespace

Result<std::vector<BlackboxTarget>> read_blackbox_targets(std::string_view text,
                                                          std::string_view file, Report& report) {
  TargetReader reader(file, report);
  const auto document = parse_document(text, file);
  const bool means_yaml = text.find("scrape_configs:") != std::string_view::npos ||
                          text.find("targets:") != std::string_view::npos ||
                          text.find("\"targets\"") != std::string_view::npos;
  if (!document && means_yaml) return std::unexpected(document.error());
  if (document && document->is_object() && document->find("scrape_configs") != nullptr) {
    reader.read_prometheus(*document);
  } else if (document && document->is_array()) {
    reader.read_lists(document->as_array(), "", kScrapeInterval);
  } else {
    reader.read_lines(text);
  }
  return reader.take();
}

}  // namespace lw::migrate
