//! What an instance runs at its first boot: ECS's agent is told whose it is.

/// The agent's configuration (developer guide, "Amazon ECS container agent configuration"). Tasks have the roles that their
/// task definitions name, and are kept from the instance's: with `awsvpc` by the agent, behind a bridge by the hop limit of
/// the metadata service ("Amazon ECS container instance IAM role"). An instance of Spot that is taken back is drained.
pub(super) fn user_data(cluster: &str) -> String {
    format!(
        "#!/bin/bash\n\
         cat <<'EOF' >> /etc/ecs/ecs.config\n\
         ECS_CLUSTER={cluster}\n\
         ECS_AWSVPC_BLOCK_IMDS=true\n\
         ECS_ENABLE_TASK_IAM_ROLE=true\n\
         ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true\n\
         ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n\
         EOF\n"
    )
}
