# SPDX-License-Identifier: Apache-2.0
"""/sql of a real server with a real agent: what ClickHouse's own clients ask, with their parameters and headers; that
a workspace is the whole world of who may see no other; that nothing else is to be had; and that the engine alone,
given what the server gives it, shows no row of another workspace even to raw SQL."""

import base64
import http.client
import json
import pathlib
import ssl
import unittest
import urllib.parse

from harness import Agent, Server, SystemTest, rows_of
from processes import Seen
from store import Store
from test_scopes import monitor_named

PATIENCE = 60
ROUNDS = "SELECT ConnectionMonitor, count() AS n FROM LinewatchRounds GROUP BY ConnectionMonitor ORDER BY 1"

# Each must be refused with a 4xx; the unit test of statement.h has more of them.
ESCAPES = """
SELECT * FROM linewatch.rounds
SELECT * FROM `linewatch`.`rounds`
SELECT * FROM "linewatch"."test_facts"
SELECT * FROM linewatch/**/./**/rounds
SELECT * FROM linewatch_sql.x
SELECT * FROM rounds
SELECT * FROM test_facts
SELECT * FROM "team-omega".LinewatchRounds
SELECT * FROM LinewatchRounds, linewatch.rounds
SELECT 1 WHERE 1 IN linewatch.tests
SELECT (SELECT count() FROM linewatch.rounds)
WITH x AS (SELECT * FROM linewatch.rounds) SELECT * FROM x
SELECT * FROM LinewatchRounds AS r JOIN linewatch.rounds AS o ON 1
SELECT * FROM LinewatchRounds UNION ALL SELECT * FROM linewatch.rounds
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.COLUMNS
SELECT * FROM default.x
SELECT * FROM system.processes
SELECT * FROM system.query_log
SELECT * FROM system.parts
SELECT * FROM system.users
SELECT * FROM `system`.`grants`
SELECT * FROM system.clusters
SELECT * FROM system.server_settings
SELECT * FROM system.dictionaries
SELECT * FROM file('/etc/passwd', 'LineAsString')
SELECT * FROM `/etc/passwd`
SELECT * FROM "file"('/etc/passwd')
SELECT file('/etc/passwd')
SELECT arrayMap(file, ['/etc/passwd'])
SELECT arrayMap((`file`), ['/etc/passwd'])
SELECT arrayMap(x -> file(x), ['/etc/passwd'])
WITH file AS lower SELECT arrayMap(lower, ['/etc/passwd'])
WITH x -> file(x) AS lower SELECT lower('/etc/passwd')
SELECT * REPLACE(file('/etc/passwd') AS Source) FROM LinewatchTests
SELECT COLUMNS('.*') APPLY(file) FROM LinewatchTests
SELECT 1 LIMIT (SELECT length(file('/etc/passwd')))
SELECT 1 LIMIT (SELECT count() FROM linewatch.rounds)
SELECT 1 ORDER BY (SELECT max(test_id) FROM linewatch.rounds)
SELECT count() OVER (ORDER BY (SELECT max(test_id) FROM linewatch.rounds))
SELECT * FROM numbers((SELECT count() FROM linewatch.rounds))
SELECT 1 IN merge('linewatch', 'rounds')
SELECT * FROM LinewatchRounds JOIN merge('linewatch', 'rounds') AS m ON 1
SELECT EXISTS(SELECT * FROM linewatch.rounds)
WITH "linewatch.test_facts" AS (SELECT 1) SELECT * FROM LinewatchRounds
WITH linewatch AS (SELECT 1) SELECT * FROM linewatch.rounds
SELECT * FROM "linewatch.rounds"
SELECT * FROM "system.parts"
SELECT * FROM a.b.c
WITH x AS (SELECT 1) INSERT INTO linewatch.tests SELECT * FROM x
/* x */ INSERT INTO linewatch.tests VALUES (1)
SELECT 1 /* ; */ ; INSERT INTO linewatch.tests VALUES (1)
(SELECT 1 SETTINGS readonly = 0)
EXPLAIN SELECT * FROM linewatch.rounds
EXPLAIN AST SELECT file('/etc/passwd')
EXPLAIN AST DROP TABLE linewatch.rounds
EXPLAIN EXPLAIN SELECT 1
DELETE FROM linewatch.rounds WHERE 1
FROM linewatch.rounds SELECT *
SELECT * FROM system.table_functions
SELECT * FROM system.named_collections
SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')
SELECT * FROM s3('http://127.0.0.1:1/x')
SELECT * FROM remote('127.0.0.1', system.one)
SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM sqlite('/x.db', 't')
SELECT * FROM merge('linewatch', '.*')
SELECT * FROM cluster('default', linewatch.rounds)
SELECT * FROM executable('id', 'CSV', 'a String')
SELECT * FROM view(SELECT 1)
SELECT * FROM mergeTreeIndex('linewatch', 'rounds')
SELECT * FROM dictionary('x')
SELECT dictGet('x', 'y', 1)
SELECT joinGet('x', 'y', 1)
SELECT getSetting('additional_table_filters')
SELECT getServerSetting('path')
SELECT hostName()
SELECT sleep(1)
SELECT throwIf(1)
SELECT * APPLY(dictGet) FROM LinewatchTests
SELECT 1 INTO OUTFILE '/tmp/linewatch-escape'
SELECT 1 FORMAT Template
SELECT 1 SETTINGS readonly = 0
SELECT * FROM LinewatchRounds SETTINGS additional_table_filters = {}
SELECT 1; SELECT 2
SELECT 1; DROP DATABASE linewatch
INSERT INTO linewatch.tests VALUES (1)
INSERT INTO FUNCTION file('x') SELECT 1
DROP TABLE linewatch.rounds
CREATE TABLE x (a Int8) ENGINE = Memory
CREATE TEMPORARY TABLE x AS SELECT 1
ALTER TABLE linewatch.rounds DELETE WHERE 1
TRUNCATE TABLE linewatch.rounds
SYSTEM SHUTDOWN
KILL QUERY WHERE 1
SET readonly = 0
USE linewatch
GRANT ALL ON *.* TO default
EXECUTE AS default SELECT 1
SHOW CREATE TABLE LinewatchRounds
SHOW PROCESSLIST
SHOW GRANTS
SHOW TABLES FROM linewatch
SHOW TABLES FROM system
SHOW TABLES FROM LinewatchRounds WHERE (SELECT count() FROM linewatch.rounds)
SHOW SETTINGS
DESCRIBE linewatch.rounds
DESCRIBE (SELECT * FROM linewatch.rounds)
DESCRIBE merge('linewatch', 'rounds')
DESCRIBE TABLE file('/etc/passwd')
EXISTS linewatch.rounds
EXPLAIN ESTIMATE SELECT * FROM LinewatchRounds
EXPLAIN indexes = 1 SELECT * FROM LinewatchRounds
SELECT * FROM (EXPLAIN SELECT 1)
SELECT 1) UNION ALL (SELECT 2
SELECT * FROM {d:Identifier}
SELECT * FROM linewatch.{d:Identifier}
SELECT {d:Identifier} FROM LinewatchRounds
SELECT * FROM $$linewatch$$.rounds
SELECT 1 # comment
BACKUP DATABASE linewatch TO Disk('a', 'b')
""".strip().splitlines()

# The same without our checks: ways to a table's rows, `{table}` being each of the store's. merge() and
# mergeTreeIndex() are not among them: the engine does not filter what they read (decision 0026).
RAW = ["SELECT test_id FROM {table}", "SELECT test_id FROM {table} AS t WHERE 1 = 1 OR 1",
       "SELECT test_id FROM (SELECT * FROM {table})", "WITH w AS (SELECT * FROM {table}) SELECT test_id FROM w",
       "SELECT arrayJoin(groupArray(test_id)) FROM {table}", "SELECT test_id FROM {table} UNION ALL SELECT 0 WHERE 0",
       "SELECT test_id FROM {table} LIMIT 1 BY test_id", "SELECT max(test_id), min(test_id) FROM {table}",
       "SELECT t.test_id FROM system.one AS o, {table} AS t", "SELECT arrayJoin((SELECT groupArray(test_id) FROM {table}))",
       "SELECT test_id FROM {table} PREWHERE 1", "SELECT test_id FROM {table} SAMPLE 1",
       "SELECT test_id FROM remote('127.0.0.1', {table})", "SELECT test_id FROM loop('linewatch', '{name}') LIMIT 100",
       "SELECT test_id FROM viewIfPermitted(SELECT test_id FROM {table} ELSE null('test_id UInt64'))"]


class Sql(SystemTest):
    @classmethod
    def prepare(cls):
        cls.server = cls.keep(Server(cls.folder)).start()
        cls.agent = cls.keep(Agent(cls.folder, cls.server, name="probe1")).start()
        monitors = [monitor_named("alpha", "team-alpha"), monitor_named("omega", "team-omega")]
        for each in monitors:
            each["testConfigurations"][0]["testFrequencySec"] = 1
        cls.server.apply({"connectionMonitors": monitors})
        cls.tls = ssl.create_default_context(cafile=str(cls.server.data / "ca.pem"))
        cls.admin = (cls.server.data / "admin.token").read_text().strip()
        code, out, error = cls.server.cli("token", "create", "alpha", "--scope", "workspaces/team-alpha")
        if code != 0:
            raise AssertionError(error)
        cls.alpha = out.strip()
        cls.ids = {row["connectionMonitor"]: int(row["id"], 16)
                   for row in rows_of(cls.server.json("get", "tests"), "tests")}

    def setUp(self):
        def are_there():
            answer = self.ask(ROUNDS)
            return answer[0] == 200 and len(answer[1].splitlines()) == 2 and "0" not in answer[1].split() or Seen(answer)
        self.wait_until(are_there, PATIENCE, "rounds of both monitors are in the store")
        self.wait_until(lambda: self.ask(ROUNDS, self.alpha)[1] or Seen("nothing"), PATIENCE, "those of alpha as well")

    def call(self, method, target, body=None, headers=None):
        """(status, text, headers)"""
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=PATIENCE, context=self.tls)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def ask(self, sql, token=None, **parameters):
        target = "/sql/" + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
        status, body, _ = self.call("POST", target, sql.encode(), {
            "X-ClickHouse-User": "default", "X-ClickHouse-Key": token or self.admin})
        return status, body.decode("utf-8", "replace")

    def rows(self, sql, token=None, **parameters):
        status, text = self.ask(sql, token, default_format="JSONCompact", **parameters)
        self.assertEqual(status, 200, f"{sql}\n{text}")
        return json.loads(text)["data"]

    # ---- what clients ask ------------------------------------------------------------------

    def test_curl_finds_it_and_is_let_in_by_password_or_bearer(self):
        for path in ("/sql/ping", "/sql//ping"):
            self.assertEqual(self.call("GET", path)[:2], (200, b"Ok.\n"))
        basic = base64.b64encode(f"any:{self.admin}".encode()).decode()
        for headers in ({"Authorization": f"Basic {basic}"}, {"Authorization": f"Bearer {self.admin}"},
                        {"X-ClickHouse-User": "me", "X-ClickHouse-Key": self.admin}):
            self.assertEqual(self.call("GET", "/sql/?query=SELECT%201", None, headers)[:2], (200, b"1\n"))
        for headers in ({}, {"X-ClickHouse-Key": "wrong"}, {"Authorization": "Basic eDp5"}):
            status, body, head = self.call("GET", "/sql/?query=SELECT%201", None, headers)
            self.assertEqual((status, head["X-ClickHouse-Exception-Code"]), (401, "516"), body)
            self.assertIn(b"Code: 516. DB::Exception: ", body)
        status, body, _ = self.call("GET", f"/sql/?query=SELECT%201&user=x&password={self.admin}", None,
                                    {"X-ClickHouse-Key": self.admin})
        self.assertEqual(status, 401, "a token in a URL is refused: " + body.decode())

    def test_passwords_are_no_way_into_the_rest_of_the_api(self):
        """A browser sends a password that it knows with whatever other sites make it ask for."""
        basic = base64.b64encode(f"any:{self.admin}".encode()).decode()
        for headers in ({"Authorization": f"Basic {basic}"}, {"X-ClickHouse-Key": self.admin}):
            self.assertEqual(self.call("GET", "/api/v1/tests", None, headers)[0], 401)

    def test_formats_and_headers_are_those_of_clickhouse(self):
        for statement, expected, kind in (
                ("SELECT 1 AS x FORMAT TabSeparatedWithNamesAndTypes", "x\nUInt8\n1\n", "text/tab-separated-values"),
                ("SELECT 1 AS x, 'a' AS y FORMAT CSVWithNames", '"x","y"\n1,"a"\n', "text/csv"),
                ("SELECT 1 AS x FORMAT JSONEachRow", '{"x":1}\n', "application/x-ndjson"),
                ("SELECT 1 AS x FORMAT Null", "", "application/octet-stream")):
            status, body, head = self.call("POST", "/sql/?query_id=my-1", statement.encode(),
                                           {"X-ClickHouse-Key": self.admin})
            self.assertEqual((status, body.decode()), (200, expected), statement)
            self.assertIn(kind, head["Content-Type"])
            self.assertEqual(head["X-ClickHouse-Query-Id"], "my-1")
            self.assertEqual(head["X-ClickHouse-Format"], statement.split()[-1])
        compact = json.loads(self.ask("SELECT toInt64(1) AS x, now() AS t FORMAT JSONCompact",
                                      output_format_json_quote_64bit_integers=0)[1])
        self.assertEqual([(column["name"], column["type"]) for column in compact["meta"]],
                         [("x", "Int64"), ("t", "DateTime")])
        self.assertEqual((compact["data"][0][0], compact["rows"]), (1, 1))

    def test_clickhouse_connect(self):
        """Its first requests, and a query with a bound parameter; all with a session and Native."""
        more = {"session_id": "s-1", "wait_end_of_query": "1", "enable_http_compression": "1",
                "client_protocol_version": "54405", "send_progress_in_http_headers": "1"}
        status, text = self.ask("SELECT version(), timezone()", **more)
        self.assertEqual((status, text.rstrip().split("\t")[1]), (200, "UTC"), text)
        self.assertEqual(self.rows("SELECT displayName(), revision() > 54000")[0], ["linewatch", True], "clickhouse-go")
        settings = self.rows("SELECT name, value, readonly as readonly FROM system.settings LIMIT 10000", **more)
        self.assertGreater(len(settings), 500)
        self.assertEqual(self.rows("SELECT {n:Int32} + 1, {s:String}", param_n="41", param_s="it's", **more),
                         [[42, "it's"]])
        status, body, _ = self.call("POST", "/sql/?database=default&max_execution_time=30",
                                    b"SELECT TimeGenerated, RttAvgMs FROM LinewatchRounds LIMIT 3 FORMAT Native",
                                    {"X-ClickHouse-Key": self.admin})
        self.assertEqual(status, 200)
        self.assertIn(b"DateTime64(6, 'UTC')", body)

    def test_grafana(self):
        """Altinity's plugin: a chart's query with its macros filled in, over GET, and the lists of its editor."""
        sql = ("SELECT (intDiv(toUInt32(TimeGenerated), 60) * 60) * 1000 as t, Destination, avg(RttAvgMs) AS rtt "
               "FROM \"default\".LinewatchRounds WHERE TimeGenerated >= toDateTime(1) AND TimeGenerated <= now() + 5 "
               "AND ConnectionMonitor IN ('alpha') GROUP BY t, Destination ORDER BY t FORMAT JSON")
        status, body, _ = self.call("GET", "/sql/?" + urllib.parse.urlencode({"query": sql, "add_http_cors_header": 1}),
                                    None, {"X-ClickHouse-User": "default", "X-ClickHouse-Key": self.admin})
        self.assertEqual(status, 200, body)
        answer = json.loads(body)
        self.assertEqual({row["Destination"] for row in answer["data"]}, {"alpha-place"})
        self.assertGreater(answer["data"][0]["rtt"], 0)
        self.assertEqual(self.rows("SELECT name FROM system.databases WHERE name NOT LIKE 'system'"), [["default"]])
        names = [row[0] for row in self.rows("SELECT name FROM system.tables WHERE database = 'default' ORDER BY name")]
        self.assertIn("LinewatchRounds", names)
        self.assertEqual(names, [row[0] for row in self.rows("SHOW TABLES")])
        columns = self.rows("SELECT name, type FROM system.columns WHERE database = currentDatabase() AND "
                            "table = 'LinewatchRounds' ORDER BY position")
        self.assertEqual(columns[0], ["TimeGenerated", "DateTime64(6, 'UTC')"])
        self.assertEqual(columns, [row[:2] for row in self.rows("DESCRIBE TABLE LinewatchRounds")])

    def test_metabase_and_other_programs_over_jdbc(self):
        self.assertEqual(self.rows("SELECT currentDatabase()", database="default"), [["default"]])
        self.assertEqual(self.rows("SELECT currentUser() != '', timezone(), 1 FROM system.one")[0][1:], ["UTC", 1])
        tables = self.rows(
            "SELECT NULL AS TABLE_CAT, t.database AS TABLE_SCHEM, t.name AS TABLE_NAME, CASE WHEN t.engine LIKE '%View' "
            "THEN 'VIEW' ELSE 'TABLE' END AS TABLE_TYPE, t.comment AS REMARKS FROM system.tables AS t JOIN "
            "system.databases AS d ON t.database = d.name WHERE t.name LIKE 'LinewatchT%' ORDER BY TABLE_NAME")
        self.assertEqual([row[1:4] for row in tables], [["default", "LinewatchTests", "VIEW"]])
        limited = self.rows("SELECT `default`.`LinewatchRounds`.`Source` AS `Source` FROM `default`.`LinewatchRounds`",
                            max_result_rows="2", result_overflow_mode="break")
        self.assertEqual(len(limited), 2)
        self.assertEqual(self.ask("SELECT 1", compress="1")[0], 400, "we do not compress: say so")

    def test_all_columns_of_all_tables_can_be_read_and_have_the_types_that_are_told(self):
        for (table,) in self.rows("SHOW TABLES"):
            status, text = self.ask(f"SELECT * FROM `{table}` LIMIT 3 FORMAT JSONCompact")
            self.assertEqual(status, 200, f"{table}: {text}")
            self.assertEqual([[column["name"], column["type"]] for column in json.loads(text)["meta"]],
                             [row[:2] for row in self.rows(f"DESCRIBE TABLE `{table}`")], table)

    def test_joins_windows_and_expressions(self):
        rows = self.rows("WITH last AS (SELECT TestId, argMax(State, TimeGenerated) AS s FROM LinewatchRounds GROUP BY "
                         "TestId) SELECT t.ConnectionMonitor, l.s, row_number() OVER (ORDER BY t.ConnectionMonitor) "
                         "FROM LinewatchTests AS t ANY JOIN last AS l USING (TestId) ORDER BY 1")
        self.assertEqual(rows, [["alpha", "Pass", 1], ["omega", "Pass", 2]])
        both = self.rows("(SELECT 'a' AS x, count() FROM LinewatchRounds) UNION ALL (SELECT 'b', count() FROM "
                         "LinewatchTests)")
        self.assertEqual(sorted(row[0] for row in both), ["a", "b"])
        union = self.rows("SELECT count() FROM LinewatchTests UNION ALL SELECT count() + 10 FROM LinewatchTests")
        self.assertEqual(sorted(int(row[0]) for row in union), [2, 12])
        nested = self.rows("SELECT count() FROM (SELECT * FROM (SELECT Source FROM LinewatchRounds) WHERE Source IN "
                           "(SELECT Source FROM LinewatchTests))")
        self.assertGreater(int(nested[0][0]), 0)

    def test_explain_and_describe_tell_of_queries(self):
        self.assertIn("Aggregating", self.ask("EXPLAIN SELECT count() FROM LinewatchRounds WHERE RttAvgMs > 1")[1])
        for kind in ("AST", "SYNTAX", "PLAN", "PIPELINE", "QUERY TREE"):
            self.assertEqual(self.ask(f"EXPLAIN {kind} SELECT count() FROM LinewatchRounds")[0], 200, kind)
        self.assertEqual(self.rows("DESCRIBE (SELECT Source AS s, RttAvgMs FROM LinewatchRounds)")[0][:2], ["s", "String"])

    def test_every_column_can_be_named_alone(self):
        """None is called like a word or a function that is refused."""
        for (table,) in self.rows("SHOW TABLES"):
            names = [row[0] for row in self.rows(f"DESCRIBE TABLE {table}")]
            for column in names:
                status, text = self.ask(f"SELECT {column} FROM {table} LIMIT 1")
                self.assertEqual(status, 200, f"{table}.{column}: {text}")

    # ---- what is wrong ---------------------------------------------------------------------

    def test_errors_say_what_is_wrong(self):
        for sql, status, words in (("SELECT Nope FROM LinewatchRounds", 400, "Nope"),
                                   ("SELEC 1", 400, "Only SELECT"), ("SELECT * FROM nope", 404, "SHOW TABLES"),
                                   ("SELECT * FROM LinewatchRounds ORDER BY", 400, "at the end"),
                                   ("SELECT count( FROM LinewatchRounds", 400, "parenthes"),
                                   ("SELECT toDate(Source, 1, 2, 3) FROM LinewatchRounds", 400, "argument"),
                                   ("SELECT max(sipHash64(number)) FROM numbers(100000000000) FORMAT JSON", 408, "longer")):
            got, text = self.ask(sql, max_execution_time="1")
            self.assertEqual(got, status, f"{sql}\n{text}")
            self.assertIn(words, text, sql)
            self.assertNotIn("linewatch.", text, "what we made of it is nobody's business")
            self.assertRegex(text, r"^Code: \d+\. DB::Exception: .*\([A-Z_]+\)\n$", sql)

    def test_values_of_rows_are_not_in_errors(self):
        status, text = self.ask("SELECT toInt32(Source) FROM LinewatchRounds")
        self.assertEqual(status, 400, text)
        self.assertNotIn("alpha", text)

    def test_what_a_failed_query_left_is_not_in_the_next_answer(self):
        for _ in range(4):
            status, text = self.ask("SELECT repeat('left over ', 100), intDiv(1, 3000000 - number) FROM "
                                    "numbers(10000000) FORMAT JSONCompactEachRowWithNames")
            self.assertEqual(status, 400, text[:300])
            for _ in range(4):
                self.assertEqual(self.ask("SELECT 42"), (200, "42\n"))

    def test_results_are_bounded(self):
        for column in ("repeat('x', 1000)", "repeat('x', 1000 + number % 2)"):
            status, text = self.ask(f"SELECT {column} FROM numbers(80000) FORMAT JSON", max_block_size=1000)
            self.assertEqual((status, "larger" in text), (400, True), text[:300])
        status, body, _ = self.call("POST", "/sql/", b"SELECT repeat('x', 1000) FROM numbers(80000)",
                                    {"X-ClickHouse-Key": self.admin})
        self.assertEqual((status, len(body)), (200, 80000 * 1001), "in pieces there may be more of it")
        status, text = self.ask("SELECT groupArray(number) FROM numbers(1000000000)")
        self.assertEqual((status, "memory" in text), (400, True), text[:300])
        status, text = self.ask("SELECT " + "(" * 20000 + "1" + ")" * 20000)
        self.assertEqual(status, 400, text[:300])

    # ---- separation ------------------------------------------------------------------------

    def test_nothing_gets_out(self):
        self.assertGreaterEqual(len(ESCAPES), 40)
        secret = [str(self.ids["omega"]), "omega-place", "root:x:"]
        for sql in ESCAPES:
            for token in (self.alpha, self.admin):
                with self.subTest(sql=sql, admin=token == self.admin):
                    if token == self.admin and sql.startswith('SELECT * FROM "team-omega"'):
                        continue
                    status, text = self.ask(sql, token)
                    self.assertTrue(400 <= status < 500, f"{status}: {text[:300]}")
                    for word in secret:
                        self.assertNotIn(word, text)
        self.assertFalse(pathlib.Path("/tmp/linewatch-escape").exists())

    def test_no_function_makes_a_table_but_those_of_numbers(self):
        """Whatever the engine has, also one that a newer one brings."""
        names = [row["name"] for row in Store(self.server).query("SELECT name FROM system.table_functions")]
        self.assertGreater(len(names), 50)
        taken = set()
        for name in names:
            for sql in (f"SELECT * FROM {name}(1, 2) LIMIT 1", f"SELECT * FROM `{name}`(1, 2) LIMIT 1"):
                status, text = self.ask(sql)
                if status == 200:
                    taken.add(name)
                else:
                    self.assertIn("There is no function", text, sql)
        self.assertEqual(taken, {"numbers", "generateSeries", "generate_series"})

    def test_names_of_a_statement_do_not_reach_into_ours(self):
        """The tables' own SQL calls functions and tables of the store by name; a statement may have others that are
        called so. The engine's filters are off here for the last part: it is the view that keeps them apart."""
        names = ["(a, b) -> 1 AS has", "(a, b) -> true AS equals", "(a, b) -> true AS greaterOrEquals", "1 AS test_id",
                 "identity AS has", "['team-alpha'] AS workspaces", "test_facts AS (SELECT 1 AS test_id)",
                 "(a, b) -> b AS ifNull", "view AS (SELECT 1)"]
        for name in names:
            rows = self.rows(f"WITH {name} SELECT ConnectionMonitor, count() FROM LinewatchRounds GROUP BY ConnectionMonitor",
                             self.alpha)
            self.assertEqual([row[0] for row in rows], ["alpha"], name)
        inside = ("SELECT test_id FROM linewatch.rounds WHERE test_id IN (SELECT test_id FROM linewatch.test_facts "
                  "WHERE has(workspaces, 'team-alpha'))")
        reader = Reader(self.server)
        shadow = "(a, b) -> 1 AS has"
        for rows, is_apart in ((inside, False), (f"SELECT * FROM view({inside})", True)):
            status, text = reader.ask(f"WITH r AS ({rows}), {shadow} SELECT DISTINCT test_id FROM r", None)
            self.assertEqual(status, 200, text)
            self.assertEqual(str(self.ids["omega"]) not in text, is_apart, rows)

    def test_a_condition_is_not_computed_on_rows_of_others(self):
        """If it were, whether it fails would tell of them. Columns of a table itself are those that the engine looks
        at before it looks at the workspace, if it may."""
        for table, column in (("LinewatchRounds", "TimeGenerated"), ("LinewatchRounds", "TestId"),
                              ("LinewatchRounds", "Destination"), ("LinewatchChecks", "StartedAt")):
            [[secret]] = self.rows(f"SELECT toString({column}) AS v FROM {table} GROUP BY v HAVING "
                                   "max(ConnectionMonitor) = 'omega' AND min(ConnectionMonitor) = 'omega' LIMIT 1")
            sql = f"SELECT count() FROM {table} WHERE intDiv(1, toString({column}) != '{secret}') >= 0"
            self.assertEqual(self.ask(sql)[0], 400, f"who may see it sees it fail: {sql}")
            status, text = self.ask(sql, self.alpha)
            self.assertEqual(status, 200, f"{sql}\n{text}")

    def test_who_may_see_one_workspace_sees_that_one(self):
        for database in ({}, {"database": "default"}, {"database": "team-alpha"}):
            rows = self.rows(ROUNDS, self.alpha, **database)
            self.assertEqual([row[0] for row in rows], ["alpha"], database)
        self.assertEqual(self.rows("SHOW DATABASES", self.alpha), [["team-alpha"]])
        for database in ("team-omega", "linewatch", "system", "nope"):
            self.assertEqual(self.ask("SELECT 1", self.alpha, database=database)[0], 404, database)
        self.assertEqual([row[0] for row in self.rows(ROUNDS, database="team-omega")], ["omega"])
        self.assertEqual([row[0] for row in self.rows(ROUNDS)], ["alpha", "omega"])
        code, out, error = self.server.cli("token", "create", "none", "--nothing")
        self.assertEqual(code, 0, error)
        self.assertEqual(self.ask("SELECT 1", out.strip())[0], 403)

    def test_every_table_has_rows_of_the_workspace_only(self):
        for (table,) in self.rows("SHOW TABLES", self.alpha):
            status, text = self.ask(f"SELECT * FROM `{table}` FORMAT JSONEachRow", self.alpha)
            self.assertEqual(status, 200, text[:300])
            self.assertNotIn("omega", text, table)
        self.assertIn("omega", self.ask("SELECT * FROM LinewatchRounds FORMAT JSONEachRow")[1])

    def test_the_engine_alone_keeps_workspaces_apart(self):
        """With what the server sends along for this caller, raw SQL by the same user of the store. It is the lock
        that holds if the checks of statements should not."""
        filters = self.rows("SELECT value FROM system.settings WHERE name = 'additional_table_filters'", self.alpha)[0][0]
        self.assertIn("team-alpha", filters)
        reader = Reader(self.server)
        store = Store(self.server)
        names = [row["name"] for row in store.query("SELECT name FROM system.tables WHERE database = 'linewatch'")]
        self.assertIn("rounds", names)
        secret = str(self.ids["omega"])
        self.assertIn(secret, reader.ask("SELECT test_id FROM linewatch.rounds", None)[1], "without it all is seen")
        seen = 0
        for name in names:
            self.assertIn(f"linewatch.{name}", filters, "every table of the store is separated")
            for raw in RAW:
                sql = raw.format(table=f"linewatch.{name}", name=name)
                status, text = reader.ask(sql, filters)
                with self.subTest(sql=sql):
                    self.assertNotIn(secret, text)
                seen += status == 200 and str(self.ids["alpha"]) in text
        self.assertGreater(seen, 10, "what the caller may see is there")
        for sql in ("SELECT name FROM linewatch.agent_beats", "SELECT * FROM linewatch.test_facts"):
            self.assertNotIn("omega", reader.ask(sql, filters)[1])
        for sql in ("SELECT test_id FROM linewatch.rounds SETTINGS additional_table_filters = {}",
                    "SELECT test_id FROM linewatch.rounds SETTINGS readonly = 0, additional_table_filters = {}",
                    "SET additional_table_filters = {}", "SELECT * FROM file('/etc/passwd')"):
            status, text = reader.ask(sql, filters)
            self.assertGreaterEqual(status, 400, text[:200])
            self.assertNotIn(secret, text)


class Reader:
    """Asks the store as the user that statements run as."""

    def __init__(self, server):
        environment = pathlib.Path(f"/proc/{server.store_pid()}/environ").read_bytes().decode().split("\0")
        self.password = dict(entry.split("=", 1) for entry in environment if "=" in entry)[
            "LINEWATCH_STORE_READER_PASSWORD"]
        words = pathlib.Path(f"/proc/{server.store_pid()}/cmdline").read_bytes().decode().split("\0")
        port_file = dict(zip(words, words[1:]))["--port-file"]
        self.address = urllib.parse.urlparse(pathlib.Path(port_file).read_text().strip())

    def ask(self, sql, filters):
        target = "/?wait_end_of_query=1"
        if filters is not None:
            target += "&" + urllib.parse.urlencode({"additional_table_filters": filters})
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=PATIENCE)
        try:
            connection.request("POST", target, sql.encode(), {"X-ClickHouse-User": "reader",
                                                              "X-ClickHouse-Key": self.password})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
