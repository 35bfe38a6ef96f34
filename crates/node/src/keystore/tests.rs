use cairn_store::meta::MemoryKeys;

use super::*;

fn keystore() -> Keystore {
    let own = Keypair::from_ed25519_seed(&[1; 32]);
    Keystore::new(own, Arc::new(MemoryKeys::default()), true)
}

#[tokio::test]
async fn keys_are_made_found_renamed_and_removed() {
    let keys = keystore();
    let made = keys.generate("b", NewKey::Ed25519).await.unwrap();
    let given = Keypair::generate(KeyType::Secp256k1).unwrap();
    let imported = keys.import("a", &given).await.unwrap();
    assert_eq!(
        keys.list().unwrap(),
        [keys.own(), imported.clone(), made.clone()]
    );
    assert_eq!(keys.get("a").unwrap().peer_id(), imported.id);
    for spelling in ["b".to_owned(), made.id.to_string(), made.id.to_base36()] {
        assert_eq!(keys.find(&spelling).unwrap().peer_id(), made.id);
    }
    assert_eq!(keys.find("self").unwrap().peer_id(), keys.own().id);
    let by_id = keys.find(&keys.own().id.to_string()).unwrap();
    assert_eq!(by_id.peer_id(), keys.own().id);

    let (renamed, replaced) = keys.rename("a", "c", false).await.unwrap();
    assert_eq!((renamed.id.clone(), replaced), (imported.id, false));
    assert!(matches!(
        keys.rename("c", "b", false).await,
        Err(KeystoreError::Exists { .. })
    ));
    assert_eq!(
        keys.rename("c", "c", false).await.unwrap(),
        (renamed, false)
    );
    let (_, replaced) = keys.rename("c", "b", true).await.unwrap();
    assert!(replaced);
    assert_eq!(keys.remove("b").await.unwrap().id, given.peer_id());
    assert_eq!(keys.list().unwrap(), [keys.own()]);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let keys = keystore();
    keys.generate("a", NewKey::Ed25519).await.unwrap();
    let refused = keys.generate("a", NewKey::Ed25519).await;
    assert!(matches!(refused, Err(KeystoreError::Exists { .. })));
    let refused = keys.generate("self", NewKey::Ed25519).await;
    assert!(matches!(
        refused,
        Err(KeystoreError::Reserved { action: "create" })
    ));
    let refused = keys.generate("", NewKey::Ed25519).await;
    assert!(matches!(refused, Err(KeystoreError::Unnamed)));
    for bits in [0, 2047, 8193, usize::MAX] {
        let refused = keys.generate("rsa", NewKey::Rsa(bits)).await;
        assert!(matches!(refused, Err(KeystoreError::Make(_))));
    }
    assert!(matches!(
        keys.rename("self", "b", true).await,
        Err(KeystoreError::Reserved { action: "rename" })
    ));
    assert!(matches!(
        keys.rename("a", "self", true).await,
        Err(KeystoreError::Reserved {
            action: "overwrite"
        })
    ));
    assert!(matches!(
        keys.rename("absent", "b", true).await,
        Err(KeystoreError::Missing { .. })
    ));
    assert!(matches!(
        keys.remove("self").await,
        Err(KeystoreError::Reserved { action: "remove" })
    ));
    assert!(matches!(
        keys.remove("absent").await,
        Err(KeystoreError::Missing { .. })
    ));
    let other = Keypair::from_ed25519_seed(&[2; 32]);
    assert!(matches!(
        keys.find(&other.peer_id().to_string()),
        Err(KeystoreError::Unowned { .. })
    ));
    assert!(matches!(keys.find("x"), Err(KeystoreError::Missing { .. })));
    // Others' keys can be named where only the public half is needed.
    let (named, key) = keys.public(&other.peer_id().to_base36()).unwrap();
    assert_eq!((named.name.as_str(), key), ("", other.public()));
    assert!(matches!(
        keys.public("x"),
        Err(KeystoreError::NotAKey { .. })
    ));
    let hashed = Keypair::generate(KeyType::Ecdsa).unwrap().peer_id();
    assert!(matches!(
        keys.public(&hashed.to_string()),
        Err(KeystoreError::HashOnly { .. })
    ));
}

#[tokio::test]
async fn a_repository_opened_for_reading_stays_as_it_is() {
    let own = Keypair::from_ed25519_seed(&[1; 32]);
    let keys = Keystore::new(own, Arc::new(MemoryKeys::default()), false);
    assert!(matches!(
        keys.generate("a", NewKey::Ed25519).await,
        Err(KeystoreError::Rows(RowError::ReadOnly))
    ));
}
