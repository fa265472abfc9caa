// Package sqlsrc reads a directory that lives in an SQL database: all people as
// a snapshot with its evidence, and single identities on request.
//
// The rule above all rules: an error is never an absence. A snapshot is read
// in one read-only transaction that sees one moment, and is complete only if
// every row arrived, every row has a stable ID of its own, and an independent
// count in the same transaction agrees. A look-up answers "absent" only if the
// same statement finds a person that is known to exist.
//
// What a look-up "without the filter" can mean here: by ID it is the statement
// sql.lookup, which the administrator writes, best without the conditions of
// sql.query. By name and address it is sql.query itself with a condition
// around it, because nobody but the administrator can take the conditions out
// of a query; a row that sql.query leaves out is not found by its name. So keep
// sql.query free of conditions that people can drop out of while they still own
// their name, and mark leavers with sql.leavers instead.
//
// The package never writes to a database, never creates one, never shows a
// secret of a data source name, and never waits without a deadline.
//
// A snapshot never blocks the writers of PostgreSQL, InnoDB and SQL Server. An
// SQLite database in rollback-journal mode keeps its writers waiting until the
// snapshot is done; in WAL mode it does not.
//
// Server facts were checked against PostgreSQL 15, MariaDB 10.11 and SQLite
// 3.5x. SQL Server is only covered by unit tests without a server.
package sqlsrc
