//! What every [`SecretRows`](super::super::SecretRows) must do.

use super::MakeRows;

/// Runs every case.
pub async fn run(make: &MakeRows<'_>) {
    let rows = make().await;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let rows = std::sync::Arc::clone(&rows);
            tokio::spawn(async move { rows.secret("one", [number; 32]).await })
        })
        .collect();
    let mut found = Vec::new();
    for task in tasks {
        found.push(task.await.expect("a task").expect("a secret"));
    }
    let first = *found.first().expect("one of them");
    assert_eq!(found, [first; 8]);
    assert_eq!(
        rows.secret("two", [99; 32]).await.expect("a secret"),
        [99; 32]
    );
    assert_eq!(
        rows.secret("two", [98; 32]).await.expect("a secret"),
        [99; 32]
    );
    assert_eq!(rows.secret("one", [98; 32]).await.expect("a secret"), first);
}
