use rusqlite::StatementStatus;

use super::*;

fn pool() -> Pool {
    let location = Location { path: None, create: true, read_only: false, is_alone: false };
    Pool::open_with(&location, 1, |_| Ok(())).unwrap()
}

/// [`Pool::run_here`], repeated if the machine was so busy that the pool took it for a slow disk.
fn run_here<T>(
    pool: &Pool,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Brief<T> {
    pool.inner.slow_until.store(0, Ordering::Relaxed);
    pool.run_here(work)
}

fn count(connection: &mut Connection, to: i64) -> Result<i64, StoreError> {
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT $1)
        SELECT count(*) FROM n";
    connection.query_row(sql, [to], |row| row.get(0)).map_err(error("cannot count"))
}

#[tokio::test]
async fn what_is_long_is_cut_and_leaves_nothing_behind() {
    let pool = pool();
    for _ in 0..2 {
        assert!(matches!(run_here(&pool, |reader| count(reader, 10)), Brief::Done(Ok(10))));
        assert!(matches!(run_here(&pool, |reader| count(reader, 100_000)), Brief::Long));
        assert_eq!(pool.run_brief(|reader| count(reader, 100_000)).await.unwrap(), None);
        assert_eq!(pool.run_brief(|reader| count(reader, 10)).await.unwrap(), Some(10));
        assert_eq!(pool.run(None, |reader| count(reader, 100_000)).await.unwrap(), 100_000);
    }
    let limit = Some(Duration::from_millis(1));
    let late = pool.run(limit, |reader| count(reader, 1_000_000_000)).await.unwrap_err();
    assert_eq!(late.kind(), StoreErrorKind::Deadline);
}

#[tokio::test]
async fn a_read_that_is_too_old_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    std::fs::write(folder.path().join("s.db-wal"), "").unwrap();
    let location =
        Location { path: Some(path.clone()), create: true, read_only: false, is_alone: false };
    let pool = Pool::open_with(&location, 1, |_| Ok(())).unwrap();
    let long = |reader: &mut Connection| count(reader, 1_000_000_000);
    let said = "cannot count: it has read for 10 minutes, and a longer read would keep the log \
                from being written back";
    let moment = Duration::from_millis(1);
    let capped = pool.run_capped(Some(Duration::from_secs(60)), moment, long);
    assert_eq!(capped.await.unwrap_err().to_string(), format!("{}: {said}", path.display()));
    // A deadline is something else.
    let late = pool.run_capped(Some(moment), Duration::from_secs(60), long).await.unwrap_err();
    assert!(!late.to_string().contains("minutes"), "{late}");
    // A copy may take as long as it likes while the log is short.
    let copied = pool.run_while_fits(moment, 4, |reader| count(reader, 5_000_000)).await;
    assert_eq!(copied.unwrap(), 5_000_000);
    std::fs::write(folder.path().join("s.db-wal"), "a log").unwrap();
    let copied = pool.run_while_fits(moment, 4, long).await.unwrap_err();
    assert_eq!(copied.to_string(), format!("{}: {said}", path.display()));
    assert_eq!(copied.kind(), StoreErrorKind::Deadline);
}

#[tokio::test]
async fn what_is_brief_is_brief_every_time() {
    let pool = pool();
    let brief = |reader: &mut Connection| {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 200)
            SELECT count(*) FROM n";
        let mut statement = reader.prepare_cached(sql).map_err(error("cannot prepare"))?;
        statement.query_row([], |row| row.get::<_, i64>(0)).map_err(error("cannot count"))
    };
    // A statement that is kept goes on counting its steps.
    for _ in 0..100 {
        assert!(matches!(run_here(&pool, brief), Brief::Done(Ok(200))));
    }
}

#[tokio::test]
async fn a_statement_is_planned_once_whatever_is_bound_to_it() {
    let pool = pool();
    let work = |connection: &mut Connection| {
        let sql = "CREATE TABLE recordings (tenant, start);
            CREATE INDEX i ON recordings (tenant, start)";
        connection.execute_batch(sql).map_err(error("cannot make a table"))?;
        let sql = "SELECT start FROM recordings INDEXED BY i
            WHERE tenant = $1 AND start >= $2 AND start < $3 ORDER BY start";
        let mut statement = connection.prepare(sql).map_err(error("cannot prepare"))?;
        for value in 0..9 {
            let rows = statement.query_map((value, value, value + 1), |_| Ok(()));
            assert_eq!(rows.map_err(error("cannot read"))?.count(), 0);
        }
        Ok(statement.get_status(StatementStatus::RePrepare))
    };
    assert_eq!(pool.run(None, work).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_in_use_and_a_slow_disk_are_not_waited_for_here() {
    let pool = pool();
    let (let_go, held) = std::sync::mpsc::channel();
    let (say, said) = std::sync::mpsc::channel();
    let other = pool.clone();
    let holding = tokio::spawn(async move {
        let work = move |_: &mut Connection| {
            say.send(()).unwrap();
            held.recv().unwrap();
            Ok(())
        };
        other.run(None, work).await
    });
    tokio::task::spawn_blocking(move || said.recv().unwrap()).await.unwrap();
    assert!(matches!(run_here(&pool, |_| Ok(())), Brief::Busy));
    let_go.send(()).unwrap();
    holding.await.unwrap().unwrap();
    assert!(matches!(run_here(&pool, |_| Ok(())), Brief::Done(Ok(()))));
    let slow = millis(pool.inner.epoch.elapsed() + Duration::from_secs(60));
    pool.inner.slow_until.store(slow, Ordering::Relaxed);
    assert!(matches!(pool.run_here(|_| Ok(())), Brief::Busy));
    assert_eq!(pool.run_brief(|_| Ok(7)).await.unwrap(), Some(7));
}
