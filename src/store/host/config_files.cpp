// SPDX-License-Identifier: Apache-2.0
#include "store/host/config_files.h"

#include <string_view>

#include "base/files.h"

namespace lw::store::host {

namespace {

// Caches and pools for one machine shared with others: measured at 43 MB of anonymous memory, 12
// threads and no idle CPU. Raising the server limit means raising the RSS watchdog (main.cpp) too,
// since the process overshoots its tracked limit.
constexpr std::string_view kServer = R"(<clickhouse>
  <logger><size>10M</size><count>2</count></logger>
  <max_server_memory_usage>1073741824</max_server_memory_usage>
  <mark_cache_size>33554432</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>4194304</index_mark_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <primary_index_cache_size>33554432</primary_index_cache_size>
  <query_condition_cache_size>8388608</query_condition_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <compiled_expression_cache_size>8388608</compiled_expression_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>1</background_schedule_pool_size>
  <background_streaming_schedule_pool_size>1</background_streaming_schedule_pool_size>
  <background_common_pool_size>1</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <max_thread_pool_size>200</max_thread_pool_size>
  <max_thread_pool_free_size>0</max_thread_pool_free_size>
  <max_io_thread_pool_size>8</max_io_thread_pool_size>
  <max_io_thread_pool_free_size>0</max_io_thread_pool_free_size>
  <max_active_parts_loading_thread_pool_size>2</max_active_parts_loading_thread_pool_size>
  <max_outdated_parts_loading_thread_pool_size>1</max_outdated_parts_loading_thread_pool_size>
  <max_parts_cleaning_thread_pool_size>1</max_parts_cleaning_thread_pool_size>
  <memory_worker_period_ms>200</memory_worker_period_ms>
  <jemalloc_enable_background_threads>1</jemalloc_enable_background_threads>
  <jemalloc_merge_tree_arenas>0</jemalloc_merge_tree_arenas>
  <merge_tree>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    <non_replicated_deduplication_window>1000</non_replicated_deduplication_window>
  </merge_tree>
  <users_config>@USERS@</users_config>
</clickhouse>
)";

// No SOURCES grant: file(), url() and the like are denied on every connection. Adding
// access_management here makes the engine refuse the file.
constexpr std::string_view kUsers = R"(<clickhouse>
  <profiles><default></default></profiles>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants>
      <query>GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE DATABASE, CREATE VIEW, CREATE DICTIONARY, DROP, OPTIMIZE, TRUNCATE, dictGet ON @DATABASE@.*</query>
      <query>GRANT SELECT, CREATE DATABASE ON @DATABASE@_sql.*</query>
      <query>GRANT SELECT ON system.*</query>
      <query>GRANT KILL QUERY ON *.*</query>
      <query>GRANT SYSTEM JEMALLOC ON *.*</query>
      <query>GRANT TABLE ENGINE ON *</query>
    </grants>
  </default></users>
  <quotas><default></default></quotas>
</clickhouse>
)";

std::string filled(std::string_view text, std::string_view mark, std::string_view value) {
  std::string result(text);
  for (auto at = result.find(mark); at != std::string::npos;
       at = result.find(mark, at + value.size())) {
    result.replace(at, mark.size(), value);
  }
  return result;
}

std::string xml_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

Result<std::string> write_config_files(const std::string& data, const std::string& database) {
  const std::string folder = data + "/config";
  TRY(make_directories(folder));
  const std::string users = folder + "/users.xml";
  TRY(write_file_atomically(users, filled(kUsers, "@DATABASE@", database), 0600));
  std::string config = folder + "/config.xml";
  TRY(write_file_atomically(config, filled(kServer, "@USERS@", xml_escaped(users)), 0600));
  return config;
}

}  // namespace lw::store::host
