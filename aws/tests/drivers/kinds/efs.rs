use longshore_planner::kinds::efs::file_system::FileSystem;
use serde_json::{Value, json};

use super::{object, reads_back, steps, want, with};
use crate::account::Account;

fn a_file_system() -> Value {
    json!({
        "creationToken": "law-1f2e3d4c", "encrypted": true, "performanceMode": "generalPurpose",
        "throughputMode": "elastic", "backup": false,
    })
}

#[tokio::test(start_paused = true)]
async fn file_systems_read_back_as_they_were_asked_for() {
    let cases = [
        json!({}),
        json!({"encrypted": false, "performanceMode": "maxIO", "throughputMode": "bursting"}),
        json!({"throughputMode": "provisioned", "provisionedThroughputInMibps": 100}),
        json!({"kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"}),
        json!({"backup": true}),
        json!({"tags": {"Team": "shop"}}),
    ];
    reads_back::<FileSystem>(&Account::new().await, &a_file_system(), &cases).await;
}

#[tokio::test(start_paused = true)]
async fn any_lifecycle_backup_policy_and_tags_become_any_other() {
    let policy = |action: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action}]});
    let cases = [
        json!({}),
        json!({"lifecycle": {"transitionToIA": "AFTER_30_DAYS", "transitionToArchive": "AFTER_90_DAYS"}}),
        json!({"lifecycle": {"transitionToIA": "AFTER_7_DAYS", "transitionToPrimaryStorageClass": "AFTER_1_ACCESS"}}),
        json!({"backup": true, "tags": {"Team": "shop"}}),
        json!({"policy": policy("elasticfilesystem:ClientMount"), "tags": {"Team": "ops", "Stage": "a"}}),
        json!({"policy": policy("elasticfilesystem:ClientWrite")}),
    ];
    let account = Account::new().await;
    let mut object = object::<FileSystem>(&a_file_system());
    object.converge(&account).await;
    for from in &cases {
        for to in &cases {
            for case in [from, to] {
                want::<FileSystem>(&mut object, &with(&a_file_system(), case));
                object.converge(&account).await;
                let (_, plan) = object.planned(&account).await;
                assert_eq!(steps(&plan), [""; 0], "{from} to {to}");
            }
        }
    }
    assert_eq!(account.count(0, "CreateFileSystem"), 1, "it stayed the same");
    object.remove(&account).await;
    assert_eq!(account.ours(), [""; 0]);
}
